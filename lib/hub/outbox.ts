/**
 * What waits to be sent to one client of the hub.
 *
 * @module
 */

import { Channel } from "../sync/channel.ts";
import type { Context } from "../sync/context.ts";
import type { HubOutput } from "./item.ts";

/** What becomes of messages for a client that reads too slowly. */
export const SLOW_POLICIES = [
  "drop-oldest",
  "drop-newest",
  "disconnect",
] as const;

/** What becomes of messages for a client that reads too slowly. */
export type SlowPolicy = typeof SLOW_POLICIES[number];

/** Bytes that are put together for one write, unless one message has more. */
const BATCH = 64 * 1024;

/** Bounds of an outbox. */
export interface OutboxBounds {
  /** Messages that may wait. */
  most: number;
  /** Bytes of them; one message may wait whatever it has. */
  mostBytes: number;
  /** What becomes of those beyond. */
  slow: SlowPolicy;
}

/** Options for {@linkcode HubOutbox}. */
export interface OutboxOptions extends OutboxBounds {
  /** Encodes what the client is told about messages that were dropped. */
  describeLoss: (count: number) => Uint8Array;
  /** Called once where the policy is to disconnect. It must not throw. */
  onOverflow: () => void;
}

/** What goes out in one write. */
export interface Batch {
  /** What to send. */
  bytes: Uint8Array;
  /** How many messages of other clients are in it. */
  messages: number;
}

/**
 * A bounded queue in front of one client's socket. Whoever fills it never
 * waits, so that one client that does not read can't hold up the others.
 */
export class HubOutbox {
  readonly #options: OutboxOptions;
  readonly #queue: Channel<HubOutput>;
  #bytes = 0;
  #dropped = 0;
  /** Dropped, whatever it was, and the client has not been told so. */
  #untold = 0;
  #hasOverflowed = false;
  #last: Uint8Array | undefined;

  /**
   * Creates an empty outbox.
   *
   * @param options Its bounds, and what happens at them.
   */
  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#queue = new Channel(options.most);
  }

  /** How many messages wait. */
  get size(): number {
    return this.#queue.size;
  }

  /** How many messages of other clients were dropped. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Queues something; what is too much then is dropped.
   *
   * @param output What to send.
   */
  push(output: HubOutput): void {
    if (this.#queue.isClosed) return;
    if (this.#hasRoom(output)) this.#add(output);
    else this.#overflow(output);
  }

  /**
   * Takes nothing more; what waits can still be taken.
   *
   * @param last Sent behind all the rest, whatever the bounds.
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
   * @returns What to send next; `undefined` at the end.
   * @throws The reason of the cancellation.
   */
  async take(context: Context): Promise<Batch | undefined> {
    const first = await this.#queue.receive(context);
    const parts: HubOutput[] = [];
    let length = 0;
    // A gap at the front is told before what follows it.
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
    // A gap at the end is told behind what precedes it.
    if (this.#queue.size === 0) this.#tell(parts);
    if (first === undefined && this.#last !== undefined) {
      parts.push({ bytes: this.#last, isMessage: false });
      this.#last = undefined;
    }
    return parts.length === 0 ? undefined : join(parts);
  }

  /** Once something was dropped at the end, all is until that is told. */
  #hasRoom({ bytes }: HubOutput): boolean {
    const { mostBytes, slow } = this.#options;
    if (slow === "drop-newest" && this.#untold > 0) return false;
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
    this.#untold++;
    if (isMessage) this.#dropped++;
  }

  #tell(parts: HubOutput[]): void {
    if (this.#untold === 0) return;
    const bytes = this.#options.describeLoss(this.#untold);
    parts.push({ bytes, isMessage: false });
    this.#untold = 0;
  }
}

/** One message alone is sent from the bytes that all share. */
function join(parts: readonly HubOutput[]): Batch {
  const messages = parts.filter(({ isMessage }) => isMessage).length;
  if (parts.length === 1) return { bytes: parts[0]!.bytes, messages };
  const length = parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const { bytes } of parts) {
    whole.set(bytes, offset);
    offset += bytes.length;
  }
  return { bytes: whole, messages };
}
