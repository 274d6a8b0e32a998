/**
 * The connections of all parts, followed while somebody looks on: what is open,
 * and what changes of it.
 *
 * @module
 */

import { MOST_CLOSED } from "../serve/registry.ts";
import type { Tunnel } from "./api.ts";
import type { Part } from "./part.ts";
import { MOST_TUNNELS, type PartChanges } from "./part_answers.ts";
import { compareTimes, type Parts } from "./parts.ts";
import type { ConnectionChanges } from "./tunnel_changes.ts";

/** Milliseconds that a look waits for a part; the next one takes the rest. */
const PATIENCE = 500;

/** Follows all parts. */
export class TunnelFeed {
  readonly #parts: Parts;
  readonly #open = new Map<Part, Map<number, Tunnel>>();
  #asked = new Set<Part>();
  #found = nothing();

  /**
   * Follows nobody yet.
   *
   * @param parts The parts.
   */
  constructor(parts: Parts) {
    this.#parts = parts;
    parts.onRemove((part) => this.#lose(part));
  }

  /** What is open, as far as it was told; the oldest first, 20,000 at most. */
  get tunnels(): Tunnel[] {
    const now = Date.now();
    return [...this.#open.values()]
      .flatMap((tunnels) => [...tunnels.values()])
      .sort((a, b) => a.id - b.id)
      .slice(0, MOST_TUNNELS)
      .map((tunnel) => ({
        ...tunnel,
        ageMs: Math.max(0, now - Date.parse(tunnel.startedAt)),
      }));
  }

  /**
   * Looks at all parts. One that has not answered the last look is not asked
   * again; what it tells is told when it does.
   *
   * @returns What has changed since the last look: at first, all that is open.
   */
  async look(): Promise<ConnectionChanges> {
    const asked = this.#asked;
    const idle = this.#parts.all.filter((part) => !asked.has(part));
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, PATIENCE);
    try {
      await Promise.race([
        late,
        Promise.all(idle.map((part) => this.#ask(part))),
      ]);
    } finally {
      clearTimeout(timer);
    }
    // What was found after a rest is for whoever looks since.
    if (asked !== this.#asked) return nothing();
    const found = this.#found;
    this.#found = nothing();
    return {
      ...found,
      closed: found.closed
        .sort((a, b) => compareTimes(a.endedAt, b.endedAt))
        .slice(-MOST_CLOSED),
    };
  }

  /** Follows nobody any more. */
  rest(): void {
    this.#open.clear();
    this.#asked = new Set();
    this.#found = nothing();
    this.#parts.ask("rest").catch(() => {});
  }

  async #ask(part: Part): Promise<void> {
    // After a rest it is another set: an answer to what was asked before it
    // is about what was forgotten.
    const asked = this.#asked;
    asked.add(part);
    try {
      const changes = await part.ask("changes");
      if (changes === undefined) return;
      this.#parts.note(part, changes.figures);
      if (asked === this.#asked) this.#take(part, changes);
    } finally {
      asked.delete(part);
    }
  }

  #take(part: Part, { changed, closed, gone, opened }: PartChanges): void {
    const open = this.#open.get(part) ?? new Map<number, Tunnel>();
    this.#open.set(part, open);
    for (const tunnel of opened) open.set(tunnel.id, tunnel);
    for (const [id, sent, received, state] of changed) {
      Object.assign(open.get(id)!, { sent, received, state });
    }
    for (const id of gone) open.delete(id);
    const found = this.#found;
    this.#found = {
      opened: found.opened.concat(opened),
      closed: found.closed.concat(closed),
      changed: found.changed.concat(changed),
      gone: found.gone.concat(gone),
    };
  }

  /** What was open in a part that has ended is gone. */
  #lose(part: Part): void {
    const open = this.#open.get(part);
    if (open === undefined) return;
    this.#open.delete(part);
    this.#found.gone.push(...open.keys());
  }
}

function nothing(): ConnectionChanges {
  return { opened: [], closed: [], changed: [], gone: [] };
}
