/**
 * The event stream of the admin API: first a snapshot, then the changes of each
 * second. It does no work without readers.
 *
 * @module
 */

import { Channel } from "../sync/channel.ts";
import type { Context } from "../sync/context.ts";
import { oneAtATime } from "../sync/one_at_a_time.ts";
import type { HistoryPoint, SnapshotEvent, TickEvent } from "./api.ts";
import { AdminError } from "./error.ts";
import type { AdminView } from "./view.ts";
import type { Threads } from "./threads/threads.ts";
import { TunnelFeed } from "./tunnels/feed.ts";

/** Most readers at a time. */
export const MOST_READERS = 16;

/** Most events that wait for a reader; a slower reader is disconnected. */
const MOST_WAITING = 8;

/** Milliseconds between two events. */
const STEP = 1_000;

/** Options for {@linkcode AdminEvents}. */
export interface AdminEventsOptions {
  /** Milliseconds between two events (default 1,000). */
  step?: number | undefined;
  /**
   * Called with the reason when collecting changes fails because of an internal
   * error (default: ignored).
   */
  onError?: (error: unknown) => void;
}

/** Collects changes and sends them to all readers. */
export class AdminEvents {
  readonly #view: Pick<AdminView, "changing" | "status">;
  readonly #feed: TunnelFeed;
  readonly #step: number;
  readonly #onError: (error: unknown) => void;
  readonly #readers = new Set<EventReader>();
  #first: Promise<unknown> = Promise.resolve();
  #timer: ReturnType<typeof setInterval> | undefined;
  #isClosed = false;

  /**
   * Creates a stream without readers.
   *
   * @param view Source of the status.
   * @param threads The threads with the connections.
   * @param options Intervals and error handling.
   */
  constructor(
    view: Pick<AdminView, "changing" | "status">,
    threads: Threads,
    { onError = () => {}, step = STEP }: AdminEventsOptions = {},
  ) {
    this.#view = view;
    this.#feed = new TunnelFeed(threads);
    this.#step = step;
    this.#onError = onError;
  }

  /** Number of readers. */
  get readers(): number {
    return this.#readers.size;
  }

  /**
   * Checks that another reader may join.
   *
   * @throws {AdminError} `busy`.
   */
  admit(): void {
    if (this.#readers.size < MOST_READERS && !this.#isClosed) return;
    throw new AdminError(
      "busy",
      `${MOST_READERS} clients read events already; close one of them`,
    );
  }

  /**
   * Sends events to one reader until it leaves, is too slow, or the stream
   * closes.
   *
   * @param write Writes all bytes to the reader; rejects when it has left.
   * @param context Cancelling it ends the stream, even during a write; it is
   *   cancelled if the reader is too slow.
   * @throws The error of `write`, or the reason of the cancellation.
   */
  async serve(
    write: (bytes: Uint8Array) => Promise<void>,
    context: Context,
  ): Promise<void> {
    const reader = new EventReader(context);
    if (this.#readers.size === 0) this.#begin();
    this.#readers.add(reader);
    try {
      // Events that come meanwhile follow the snapshot.
      await write(await this.#snapshot());
      for (let bytes; (bytes = await reader.take()) !== undefined;) {
        await write(bytes);
      }
    } finally {
      this.#readers.delete(reader);
      if (this.#readers.size === 0) this.#rest();
    }
  }

  /** Sends a new point of the history to all readers. */
  tellHistory(point: HistoryPoint): void {
    if (this.#readers.size > 0) this.#push(encodeEvent("history", point));
  }

  /** Ends the stream of every reader; they may come back. */
  endAll(): void {
    for (const reader of this.#readers) reader.close();
  }

  /** Tells all readers that the program ends, and accepts no more readers. */
  close(): void {
    this.#isClosed = true;
    const end = encodeEvent("end", {});
    for (const reader of this.#readers) {
      reader.push(end);
      reader.close();
    }
  }

  /** Only changes from now on are sent. */
  #begin(): void {
    this.#first = this.#feed.look();
    const look = async () => this.#push(await this.#tick());
    this.#timer = setInterval(oneAtATime(look, this.#onError), this.#step);
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#feed.rest();
  }

  #push(bytes: Uint8Array): void {
    for (const reader of this.#readers) reader.push(bytes);
  }

  async #snapshot(): Promise<Uint8Array> {
    const [status] = await Promise.all([this.#view.status(), this.#first]);
    const snapshot: SnapshotEvent = { status, tunnels: this.#feed.tunnels };
    return encodeEvent("snapshot", snapshot);
  }

  async #tick(): Promise<Uint8Array> {
    await this.#first;
    const { changed, closed, gone, opened } = await this.#feed.look();
    const event: TickEvent = {
      at: Date.now(),
      status: this.#view.changing,
      ...{ opened, closed, changed, gone },
    };
    return encodeEvent("tick", event);
  }
}

/** A reader with the events that wait for it. */
class EventReader {
  readonly #context: Context;
  readonly #events = new Channel<Uint8Array>(MOST_WAITING);

  constructor(context: Context) {
    this.#context = context;
  }

  push(bytes: Uint8Array): void {
    if (this.#events.trySend(bytes) || this.#events.isClosed) return;
    this.#context.cancel(new Error("The client reads events too slowly"));
  }

  close(): void {
    this.#events.close();
  }

  /** `undefined` marks the end. */
  take(): Promise<Uint8Array | undefined> {
    return this.#events.receive(this.#context);
  }
}

function encodeEvent(name: string, data: unknown): Uint8Array {
  return new TextEncoder().encode(
    `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`,
  );
}
