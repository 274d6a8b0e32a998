/**
 * The event stream of the admin API: all there is once, then each second what
 * has changed. Nothing is looked at while nobody listens.
 *
 * @module
 */

import type { Context } from "../sync/context.ts";
import { oneAtATime } from "../sync/one_at_a_time.ts";
import type { HistoryPoint, SnapshotEvent, TickEvent } from "./api.ts";
import { AdminError } from "./error.ts";
import type { AdminView } from "./view.ts";
import type { Threads } from "./threads.ts";
import { TunnelFeed } from "./tunnels/feed.ts";

/** Readers at once. */
export const MOST_READERS = 16;

/** Events that may wait for a reader; one that is slower is dropped. */
const MOST_WAITING = 8;

/** Milliseconds between two events. */
const STEP = 1_000;

/** Options for {@linkcode AdminEvents}. */
export interface AdminEventsOptions {
  /** Milliseconds between two events (default 1,000). */
  step?: number;
  /** Told why a look has failed, by a mistake (default: nobody). */
  onError?: (error: unknown) => void;
}

/** What all readers of the stream are told. */
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
   * Creates it; nobody listens.
   *
   * @param view What there is to tell.
   * @param threads Where connections are.
   * @param options How often.
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
    throw new AdminError(
      "busy",
      `${MOST_READERS} clients read events already; close one of them`,
    );
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
      reader.begin(await this.#snapshot());
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

  /** Tells all readers of a new point. */
  tellHistory(point: HistoryPoint): void {
    if (this.#readers.size > 0) this.#push(encodeEvent("history", point));
  }

  /** Ends the stream of every reader; they may come back. */
  endAll(): void {
    for (const reader of this.#readers) reader.close();
  }

  /** Tells every reader that the program ends, and takes none any more. */
  close(): void {
    this.#isClosed = true;
    const end = encodeEvent("end", {});
    for (const reader of this.#readers) {
      reader.push(end);
      reader.close();
    }
  }

  /** What comes from now on is what is told. */
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

/** One reader's queue. */
class EventReader {
  readonly #context: Context;
  readonly #waiting: Uint8Array[] = [];
  #wake: (() => void) | undefined;
  #isClosed = false;

  constructor(context: Context) {
    this.#context = context;
  }

  /** What was pushed meanwhile comes after. */
  begin(bytes: Uint8Array): void {
    this.#waiting.unshift(bytes);
  }

  push(bytes: Uint8Array): void {
    if (this.#isClosed || this.#context.cancelled) return;
    if (this.#waiting.length === MOST_WAITING) {
      this.#context.cancel(new Error("The client reads events too slowly"));
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

function encodeEvent(name: string, data: unknown): Uint8Array {
  return new TextEncoder().encode(
    `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`,
  );
}
