/**
 * The queue of bytes for one client of the hub.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { Channel } from "../sync/channel.ts";
import type { Context } from "../sync/context.ts";
import type { HubOutput } from "./item.ts";

/** Policies for a client that reads too slowly. */
export const SLOW_POLICIES = [
  "drop-oldest",
  "drop-newest",
  "disconnect",
] as const;

/** Policy for a client that reads too slowly. */
export type SlowPolicy = typeof SLOW_POLICIES[number];

/** Bytes to join into one write, unless a single message is longer. */
const BATCH = 64 * 1024;

/** Limits of an outbox. */
export interface OutboxBounds {
  /** Most messages in the queue. */
  most: number;
  /** Most bytes in the queue; a single message may exceed it. */
  mostBytes: number;
  /** Policy for further messages. */
  slow: SlowPolicy;
}

/** Options for {@linkcode HubOutbox}. */
export interface OutboxOptions extends OutboxBounds {
  /** Encodes the notice to the client about dropped messages. */
  describeLoss: (count: number) => Uint8Array;
  /** Called once if the policy is to disconnect. It must not throw. */
  onOverflow: () => void;
}

/** The contents of one write. */
export interface Batch {
  /** Bytes to send. */
  bytes: Uint8Array;
  /** Number of messages from other clients in it. */
  messages: number;
}

/**
 * A bounded queue for one client's socket. Filling it never waits, so a client
 * that does not read cannot delay the others.
 */
export class HubOutbox {
  readonly #options: OutboxOptions;
  readonly #queue: Channel<HubOutput>;
  #bytes = 0;
  #dropped = 0;
  /** Dropped items of any kind that the client does not know about yet. */
  #unreported = 0;
  #hasOverflowed = false;
  #last: Uint8Array | undefined;

  /**
   * Creates an empty outbox.
   *
   * @param options Limits, and what to do when they are reached.
   */
  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#queue = new Channel(options.most);
  }

  /** Number of items in the queue. */
  get size(): number {
    return this.#queue.size;
  }

  /** Number of dropped messages of other clients. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Queues an item, and drops one if the queue is full.
   *
   * @param output Item to send.
   */
  push(output: HubOutput): void {
    if (this.#queue.isClosed) return;
    if (this.#hasRoom(output)) this.#add(output);
    else this.#overflow(output);
  }

  /**
   * Closes the queue. Items in it can still be taken.
   *
   * @param last Bytes to send after all others, regardless of the limits.
   */
  close(last: Uint8Array | undefined): void {
    if (this.#queue.isClosed) return;
    this.#last = last;
    this.#queue.close();
  }

  /**
   * Waits for something to send.
   *
   * @param context Ends the wait when cancelled.
   * @returns The next bytes to send; `undefined` at the end.
   * @throws The reason of the cancellation.
   */
  async take(context: Context): Promise<Batch | undefined> {
    const first = await this.#queue.receive(context);
    const parts: HubOutput[] = [];
    let length = 0;
    // Reports a gap at the front before the messages after it.
    if (this.#options.slow === "drop-oldest") this.#tell(parts);
    for (
      let next = first;
      next !== undefined;
      next = this.#queue.tryReceive()
    ) {
      parts.push(next);
      length += next.bytes.length;
      this.#bytes -= next.bytes.length;
      if (length >= BATCH) break;
    }
    // Reports a gap at the end after the messages before it.
    if (this.#queue.size === 0) this.#tell(parts);
    if (first === undefined && this.#last !== undefined) {
      parts.push({ bytes: this.#last, isMessage: false });
      this.#last = undefined;
    }
    return parts.length === 0 ? undefined : join(parts);
  }

  /**
   * After dropping a new item, drops all further ones until the client knows.
   */
  #hasRoom({ bytes }: HubOutput): boolean {
    const { mostBytes, slow } = this.#options;
    if (slow === "drop-newest" && this.#unreported > 0) return false;
    if (this.#queue.size === 0) return true;
    return !this.#queue.isFull && this.#bytes + bytes.length <= mostBytes;
  }

  #add(output: HubOutput): void {
    this.#bytes += output.bytes.length;
    this.#queue.trySend(output);
  }

  #overflow(output: HubOutput): void {
    const { onOverflow, slow } = this.#options;
    if (slow === "drop-oldest") {
      while (!this.#hasRoom(output)) this.#drop(this.#queue.tryReceive()!);
      this.#add(output);
      return;
    }
    this.#count(output);
    if (slow === "drop-newest" || this.#hasOverflowed) return;
    this.#hasOverflowed = true;
    onOverflow();
  }

  #drop(output: HubOutput): void {
    this.#bytes -= output.bytes.length;
    this.#count(output);
  }

  #count({ isMessage }: HubOutput): void {
    this.#unreported++;
    if (isMessage) this.#dropped++;
  }

  #tell(parts: HubOutput[]): void {
    if (this.#unreported === 0) return;
    const bytes = this.#options.describeLoss(this.#unreported);
    parts.push({ bytes, isMessage: false });
    this.#unreported = 0;
  }
}

/** A single message is sent from the shared bytes, without a copy. */
function join(parts: readonly HubOutput[]): Batch {
  const all = parts.map(({ bytes }) => bytes);
  let messages = 0;
  for (const { isMessage } of parts) if (isMessage) messages++;
  return { bytes: all.length === 1 ? all[0]! : concat(all), messages };
}
