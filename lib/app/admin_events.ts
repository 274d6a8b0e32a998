/**
 * The event stream of the admin API: all there is once, then each second what
 * has changed. Nothing is looked at while nobody listens.
 *
 * @module
 */

import type { LiveConnection } from "../handlers/live_connection.ts";
import type { Registry } from "../handlers/registry.ts";
import type { Context } from "../sync/context.ts";
import type {
  HistoryPoint,
  SnapshotEvent,
  TickEvent,
  Tunnel,
  TunnelChange,
} from "./admin_api.ts";
import { AdminError } from "./admin_error.ts";
import { type AdminView, tunnelOf } from "./admin_view.ts";

/** Readers at once. */
export const MOST_READERS = 16;

/** Events that may wait for a reader; one that is slower is dropped. */
const MOST_WAITING = 8;

/** Milliseconds between two events. */
const STEP = 1_000;

/** What was told of a connection that is open. */
interface Told {
  sent: number;
  received: number;
  state: Tunnel["state"];
  /** What becomes known of it one after the other. */
  known: readonly (string | undefined)[];
}

/** Options for {@linkcode AdminEvents}. */
export interface AdminEventsOptions {
  /** Milliseconds between two events (default 1,000). */
  step?: number;
}

/** What all readers of the stream are told. */
export class AdminEvents {
  readonly #view: AdminView;
  readonly #registry: Registry;
  readonly #step: number;
  readonly #readers = new Set<EventReader>();
  readonly #told = new Map<number, Told>();
  /** Those that a new reader was shown before a tick has told of them. */
  readonly #shown = new Set<number>();
  #toldClosed = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isClosed = false;

  /**
   * Creates it; nobody listens.
   *
   * @param view What there is to tell.
   * @param registry Where that comes from.
   * @param options How often.
   */
  constructor(
    view: AdminView,
    registry: Registry,
    { step = STEP }: AdminEventsOptions = {},
  ) {
    this.#view = view;
    this.#registry = registry;
    this.#step = step;
  }

  /** How many listen. */
  get readers(): number {
    return this.#readers.size;
  }

  /**
   * Throws where nobody more can listen.
   *
   * @throws {AdminError} `busy`.
   */
  admit(): void {
    if (this.#readers.size < MOST_READERS && !this.#isClosed) return;
    throw new AdminError("busy", `${MOST_READERS} readers are there already`);
  }

  /**
   * Tells one reader, until it leaves, is too slow, or the stream is closed.
   *
   * @param write Writes to the reader, whole; rejects when it has left.
   * @param context Ends it, also a write that is under way, when cancelled; is
   *   cancelled where the reader is too slow.
   * @throws What `write` throws, or the reason of the cancellation.
   */
  async serve(
    write: (bytes: Uint8Array) => Promise<void>,
    context: Context,
  ): Promise<void> {
    const reader = new EventReader(context);
    if (this.#readers.size === 0) this.#begin();
    this.#readers.add(reader);
    try {
      const { status, tunnels } = this.#view;
      for (const { id } of tunnels) {
        if (!this.#told.has(id)) this.#shown.add(id);
      }
      const snapshot: SnapshotEvent = { status, tunnels };
      reader.push(encodeEvent("snapshot", snapshot));
      while (true) {
        const bytes = await reader.take();
        if (bytes === undefined) return;
        await write(bytes);
      }
    } finally {
      this.#readers.delete(reader);
      if (this.#readers.size === 0) this.#rest();
    }
  }

  /**
   * Tells all readers of a new point.
   *
   * @param point The point.
   */
  tellHistory(point: HistoryPoint): void {
    if (this.#readers.size > 0) this.#push(encodeEvent("history", point));
  }

  /** Ends the stream of every reader, and takes none any more. */
  close(): void {
    this.#isClosed = true;
    for (const reader of this.#readers) reader.close();
  }

  /** What comes from now on is what is told. */
  #begin(): void {
    this.#toldClosed = this.#registry.ended;
    for (const [, live] of this.#registry.open) {
      this.#told.set(live.id, toldOf(live));
    }
    this.#timer = setInterval(() => this.#push(this.#tick()), this.#step);
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#told.clear();
    this.#shown.clear();
  }

  #push(bytes: Uint8Array): void {
    for (const reader of this.#readers) reader.push(bytes);
  }

  #tick(): Uint8Array {
    const now = Date.now();
    const closed = this.#view.closed(this.#toldClosed);
    this.#toldClosed = this.#registry.ended;
    const { opened, changed } = this.#changes(now);
    const event: TickEvent = {
      at: now,
      status: this.#view.changing,
      opened,
      closed,
      changed,
      gone: this.#gone(),
    };
    return encodeEvent("tick", event);
  }

  #changes(now: number): { opened: Tunnel[]; changed: TunnelChange[] } {
    const opened: Tunnel[] = [];
    const changed: TunnelChange[] = [];
    for (const [listener, live] of this.#registry.open) {
      const before = this.#told.get(live.id);
      const told = toldOf(live);
      const { sent, received, state } = told;
      if (before === undefined || !isSameKnown(before, told)) {
        opened.push(tunnelOf(listener, live, now));
      } else if (
        before.sent !== sent || before.received !== received ||
        before.state !== state
      ) changed.push([live.id, sent, received, state]);
      else continue;
      this.#told.set(live.id, told);
    }
    return { opened, changed };
  }

  #gone(): number[] {
    const gone: number[] = [];
    for (const id of this.#told.keys()) {
      if (this.#registry.get(id) !== undefined) continue;
      gone.push(id);
      this.#told.delete(id);
    }
    // They may have ended before any tick could tell that they are open.
    for (const id of this.#shown) {
      if (this.#registry.get(id) === undefined) gone.push(id);
    }
    this.#shown.clear();
    return gone;
  }
}

/** One reader's queue. */
class EventReader {
  readonly #context: Context;
  readonly #waiting: Uint8Array[] = [];
  #wake: (() => void) | undefined;
  #isClosed = false;

  constructor(context: Context) {
    this.#context = context;
  }

  push(bytes: Uint8Array): void {
    if (this.#isClosed || this.#context.cancelled) return;
    if (this.#waiting.length === MOST_WAITING) {
      this.#context.cancel(new Error("Reader of events is too slow"));
      return;
    }
    this.#waiting.push(bytes);
    this.#wake?.();
  }

  close(): void {
    this.#isClosed = true;
    this.#wake?.();
  }

  /** `undefined` is the end. */
  async take(): Promise<Uint8Array | undefined> {
    while (this.#waiting.length === 0 && !this.#isClosed) {
      this.#context.throwIfCancelled();
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const unregister = this.#context.onCancel(() => resolve());
      await promise;
      unregister();
      this.#wake = undefined;
    }
    return this.#waiting.shift();
  }
}

function toldOf(live: LiveConnection): Told {
  const { address, client, protocol, rule, target, user, via } =
    live.session.record;
  const { sent, received } = live.carried;
  const known = [address, client, protocol, rule, target, user, via];
  return { sent, received, state: live.state, known };
}

function isSameKnown({ known }: Told, other: Told): boolean {
  return known.every((value, index) => value === other.known[index]);
}

function encodeEvent(name: string, data: unknown): Uint8Array {
  return new TextEncoder().encode(
    `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`,
  );
}
