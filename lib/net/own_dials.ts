/**
 * What this program dials that leads back to one of its own ports: whoever
 * accepts such a connection finds out here which way it has come.
 *
 * ```text
 * dials                                          accepts
 *   | begin: pending --------------- SYN ----------> | whose is it?
 *   | (knows its own port: open) <---- waits ------- |
 *   |                            ---- the trail ---> | goes on, or refuses
 * ```
 *
 * The accept is often first: 674 times of 800 (measured). A connection that
 * nothing here knows of is an ordinary client's.
 *
 * @module
 */

import { type Context, timeoutError } from "../sync/context.ts";
import { setDeadline } from "../sync/deadline.ts";
import { parseIpAddress } from "../wire/ip_address.ts";
import type { ConnectionEnds } from "./connection.ts";
import { isThisMachine } from "./own_addresses.ts";
import type { Trail } from "./own_listeners.ts";
import { formatAddr } from "./unix_socket.ts";

/**
 * Connections that are open and not accepted yet, at most; of more, the oldest
 * are forgotten. The queues of listeners hold fewer.
 */
const MOST_OPEN = 65_536;

/** Milliseconds that a connection waits for what is being dialled. */
const PATIENCE = 10_000;

/** A connection that was accepted. */
export interface Arrival {
  /** Where: `ADDRESS PORT`, as it was dialled. */
  readonly place: string;
  /** The client's end and ours, which no other connection has. */
  readonly ends: string;
}

/** The trail of a connection; `undefined` is that of an ordinary client. */
export type Found = Trail | undefined | Promise<Trail | undefined>;

/** A connection that is being dialled. */
export interface OwnDial {
  /** Tells that it is open, and leads to this machine. */
  open(connection: ConnectionEnds): void;
  /** Tells that it has failed, or leads elsewhere. */
  end(): void;
}

/** The other threads of the program, which dial too. */
export interface OtherThreads {
  /** Whether any of them has dialled what may arrive here. */
  readonly areAny: boolean;
  /**
   * Asks them.
   *
   * @param arrival What was accepted.
   * @returns What the one knows that has dialled it.
   */
  ask(arrival: Arrival): Promise<Trail | undefined>;
  /**
   * Tells them how many connections of ours may arrive at one of them.
   *
   * @param count How many.
   */
  tell(count: number): void;
}

/** A connection to a Unix socket, on its way. */
interface Queued {
  trail: Trail;
  /** When it was dialled, by `performance.now()`. */
  since: number;
}

/** What this thread has dialled. */
export class OwnDials {
  readonly #places = new Map<string, Place>();
  readonly #open = new Map<string, Trail>();
  readonly #queues = new Map<string, Queued[]>();
  #pending = 0;
  #others: OtherThreads | undefined;

  /** Connections that are dialled, or open and not accepted yet. */
  get size(): number {
    return this.#pending + this.#open.size;
  }

  /** Whether nothing can arrive here that this program has dialled. */
  get isIdle(): boolean {
    return this.size === 0 && this.#queues.size === 0 &&
      this.#others?.areAny !== true;
  }

  /** Takes other threads into account. */
  join(others: OtherThreads): void {
    this.#others = others;
  }

  /**
   * Notes that a connection is dialled, before it is.
   *
   * @param place Where to, see {@linkcode placeOf}.
   * @param trail Listeners that lead there.
   * @returns What to tell when more is known.
   */
  begin(place: string, trail: Trail): OwnDial {
    const there = this.#places.get(place) ?? new Place();
    this.#places.set(place, there);
    const number = there.begin();
    this.#pending++;
    this.#tell();
    const end = () => {
      there.end(number);
      if (there.isEmpty) this.#places.delete(place);
      this.#pending--;
      this.#tell();
    };
    return {
      end,
      open: ({ localAddr, remoteAddr }) => {
        const ends = endsOf(localAddr, remoteAddr);
        if (!there.give(ends, trail)) this.#add(ends, trail);
        end();
      },
    };
  }

  /**
   * Notes that a Unix socket of ours is dialled, before it is. Nothing tells
   * two clients of one apart: they are taken in the order of their connects.
   *
   * @param name Name of the listener.
   * @param trail Listeners that lead there.
   * @returns Takes it back, where connecting has failed.
   */
  beginAt(name: string, trail: Trail): () => void {
    const queue = this.#queues.get(name) ?? [];
    this.#queues.set(name, queue);
    const queued = { trail, since: performance.now() };
    queue.push(queued);
    if (queue.length > MOST_OPEN) queue.shift();
    return () => {
      const index = queue.indexOf(queued);
      if (index >= 0) queue.splice(index, 1);
      if (queue.length === 0) this.#queues.delete(name);
    };
  }

  /**
   * Finds the trail of a connection that was accepted.
   *
   * @param connection Its ends, neither of them IPv4-mapped.
   * @param context Gives up when cancelled.
   * @returns The trail, once it is known; it is forgotten then.
   * @throws The reason of the cancellation, or that it was not known in time.
   */
  find({ localAddr, remoteAddr }: ConnectionEnds, context: Context): Found {
    const queued = this.#takeQueued(formatAddr(localAddr));
    if (queued !== undefined) return queued;
    const areOthers = this.#others?.areAny === true;
    if (this.size === 0 && !areOthers) return undefined;
    if (!isFromHere(remoteAddr, localAddr)) return undefined;
    const arrival = {
      place: placeOf(localAddr.hostname, localAddr.port),
      ends: endsOf(remoteAddr, localAddr),
    };
    const here = this.take(arrival, context);
    if (!areOthers || Array.isArray(here)) return here;
    return firstKnown([here, within(this.#others!.ask(arrival), context)]);
  }

  /**
   * Finds the trail of a connection that this thread may have dialled.
   *
   * @param arrival What was accepted.
   * @param context Gives up when cancelled.
   * @returns The trail, once it is known; it is forgotten then.
   * @throws As {@linkcode OwnDials.find} does.
   */
  take({ ends, place }: Arrival, context?: Context): Found {
    const trail = this.#open.get(ends);
    if (trail !== undefined) {
      this.#open.delete(ends);
      this.#tell();
      return trail;
    }
    const wait = this.#places.get(place)?.wait(ends);
    return wait && within(wait, context);
  }

  /** What nobody has accepted for so long was lost with its listener. */
  #takeQueued(name: string): Trail | undefined {
    const queue = this.#queues.get(name);
    if (queue === undefined) return undefined;
    const oldest = performance.now() - PATIENCE;
    const first = queue.findIndex(({ since }) => since > oldest);
    const [taken] = first < 0 ? [] : queue.splice(0, first + 1).slice(-1);
    if (first < 0 || queue.length === 0) this.#queues.delete(name);
    return taken?.trail;
  }

  #add(ends: string, trail: Trail): void {
    const [oldest] = this.#open.keys();
    if (this.#open.size === MOST_OPEN) this.#open.delete(oldest!);
    this.#open.set(ends, trail);
  }

  #tell(): void {
    this.#others?.tell(this.size);
  }
}

/** What this thread has dialled. */
export const ownDials: OwnDials = new OwnDials();

/**
 * Names a place.
 *
 * @param hostname Its address as text, not mapped and not unspecified.
 * @returns The name.
 */
export function placeOf(hostname: string, port: number): string {
  return `${hostname} ${port}`;
}

function endsOf(client: Deno.NetAddr, server: Deno.NetAddr): string {
  return `${client.hostname} ${client.port} ${server.hostname} ${server.port}`;
}

/** Nobody else's connection waits for what we dial. */
function isFromHere(client: Deno.NetAddr, server: Deno.NetAddr): boolean {
  if (client.hostname === server.hostname) return true;
  const ip = parseIpAddress(client.hostname.replace(/%.*$/, ""));
  return ip !== undefined && isThisMachine(ip);
}

interface Waiting {
  /** Number of the last dial that it may have come from. */
  last: number;
  resolve: (trail: Trail | undefined) => void;
}

/** What is being dialled at one place, and who waits for it. */
class Place {
  /** Numbers of dials, in their order. */
  readonly #pending = new Set<number>();
  readonly #waiting = new Map<string, Waiting>();
  #last = 0;

  get isEmpty(): boolean {
    return this.#pending.size === 0;
  }

  begin(): number {
    this.#pending.add(++this.#last);
    return this.#last;
  }

  end(number: number): void {
    this.#pending.delete(number);
    const [first = Infinity] = this.#pending;
    for (const [ends, { last, resolve }] of this.#waiting) {
      if (last >= first) return; // Nor does anybody behind it know more.
      this.#waiting.delete(ends);
      resolve(undefined);
    }
  }

  /** Tells whoever waits for it; `false` where nobody does. */
  give(ends: string, trail: Trail): boolean {
    const waiting = this.#waiting.get(ends);
    this.#waiting.delete(ends);
    waiting?.resolve(trail);
    return waiting !== undefined;
  }

  /** Waits for what is dialled now: what begins later has not arrived yet. */
  wait(ends: string): Promise<Trail | undefined> {
    const { promise, resolve } = Promise.withResolvers<Trail | undefined>();
    this.#waiting.set(ends, { last: this.#last, resolve });
    return promise;
  }
}

/** Waits, but not for ever. Who has given up stays until the dials are over. */
async function within<T>(waiting: Promise<T>, context?: Context): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const limit = setDeadline(
    PATIENCE,
    () => reject(timeoutError(PATIENCE, "Time")),
  );
  const unregister = context?.onCancel(reject);
  try {
    return await Promise.race([waiting, promise]);
  } finally {
    limit.clear();
    unregister?.();
  }
}

/**
 * Asks several at the same time.
 *
 * @param all What they answer.
 * @returns The first trail that one knows, or nothing once all know nothing.
 * @throws What one throws, where none has known it before.
 */
export function firstKnown(all: readonly Found[]): Promise<Trail | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<
    Trail | undefined
  >();
  const waits = all.map(async (found) => {
    const trail = await found;
    if (trail !== undefined) resolve(trail);
  });
  Promise.all(waits).then(() => resolve(undefined), reject);
  return promise;
}
