/**
 * Follows the connections of all threads while there are readers.
 *
 * @module
 */

import { askIdle } from "../ask_idle.ts";
import type { Tunnel } from "../api.ts";
import type { Thread } from "../threads/thread.ts";
import { MOST_TUNNELS, type ThreadChanges } from "../threads/answers.ts";
import { compareTimes, type Threads } from "../threads/threads.ts";
import { type ConnectionChanges, MOST_CLOSED } from "./changes.ts";

/**
 * Milliseconds to wait for a thread; a later answer counts for the next call.
 */
const PATIENCE = 500;

/** Follows the connections of all threads. */
export class TunnelFeed {
  readonly #threads: Threads;
  readonly #open = new Map<Thread, Map<number, Tunnel>>();
  #asked = new Set<Thread>();
  #found = nothing();

  /** Starts without following. */
  constructor(threads: Threads) {
    this.#threads = threads;
    threads.onRemove((thread) => this.#lose(thread));
  }

  /** Open connections as last reported; the oldest first, at most 20,000. */
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
   * Collects the changes of all threads. A thread that still owes its last
   * answer is not asked again; its changes follow when it answers.
   *
   * @returns The changes since the last call; at first all open connections.
   */
  async look(): Promise<ConnectionChanges> {
    const asked = this.#asked;
    await askIdle(this.#threads, {
      asked,
      ask: (thread) => this.#ask(thread),
      patience: PATIENCE,
    });
    // After a pause in watching, the results belong to the watchers since then.
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

  /** Stops following. */
  rest(): void {
    this.#open.clear();
    this.#asked = new Set();
    this.#found = nothing();
    this.#threads.ask("rest").catch(() => {});
  }

  async #ask(thread: Thread): Promise<void> {
    // After a pause this is another set: answers to older questions refer to
    // forgotten state.
    const asked = this.#asked;
    asked.add(thread);
    try {
      const changes = await thread.ask("changes");
      if (changes === undefined) return;
      this.#threads.note(thread, changes.figures);
      if (asked === this.#asked) this.#take(thread, changes);
    } finally {
      asked.delete(thread);
    }
  }

  #take(
    thread: Thread,
    { changed, closed, gone, opened }: ThreadChanges,
  ): void {
    const open = this.#open.get(thread) ?? new Map<number, Tunnel>();
    this.#open.set(thread, open);
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

  /** Reports the open connections of an ended thread as gone. */
  #lose(thread: Thread): void {
    const open = this.#open.get(thread);
    if (open === undefined) return;
    this.#open.delete(thread);
    this.#found.gone.push(...open.keys());
  }
}

function nothing(): ConnectionChanges {
  return { opened: [], closed: [], changed: [], gone: [] };
}
