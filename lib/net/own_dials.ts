/**
 * Connections that this program dials to one of its own ports. The listener that
 * accepts one looks up here which way the connection has come.
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

import { Context } from "../sync/context.ts";
import { waitFor } from "../sync/wait_for.ts";
import { parseIpAddress } from "../wire/ip_address.ts";
import type { ConnectionEnds } from "./connection.ts";
import { isThisMachine } from "./own_addresses.ts";
import type { Trail } from "./own_listeners.ts";
import { formatAddr } from "./unix_socket.ts";

/**
 * Most connections that are open but not accepted yet. Beyond that the oldest
 * are forgotten; the queues of listeners hold fewer.
 */
const MOST_OPEN = 65_536;

/** Milliseconds that an accepted connection waits for a pending dial. */
const PATIENCE = 10_000;

/** A connection that was accepted. */
export interface Arrival {
  /** Where it arrived: `ADDRESS PORT`, as dialled. */
  readonly place: string;
  /** The addresses of both ends, which are unique to the connection. */
  readonly ends: string;
}

/** The trail of a connection; `undefined` for an ordinary client. */
export type Found = Trail | undefined | Promise<Trail | undefined>;

/** A connection that is being dialled. */
export interface OwnDial {
  /** Notes that it is open and leads to this machine. */
  open(connection: ConnectionEnds): void;
  /** Notes that it has failed or leads elsewhere. */
  end(): void;
}

/** The other threads of the program, which dial too. */
export interface OtherThreads {
  /** Whether any of them has dialled a connection that may arrive here. */
  readonly areAny: boolean;
  /**
   * Asks them.
   *
   * @param arrival What was accepted.
   * @returns The trail, from the thread that dialled it.
   */
  ask(arrival: Arrival): Promise<Trail | undefined>;
  /**
   * Tells them how many connections of this thread may arrive at one of them.
   *
   * @param count How many.
   */
  tell(count: number): void;
}

/** A connection to a Unix socket that is not accepted yet. */
interface Queued {
  trail: Trail;
  /** When it was dialled, by `performance.now()`. */
  since: number;
}

/** The connections that this thread has dialled. */
export class OwnDials {
  readonly #places = new Map<string, Place>();
  readonly #open = new Map<string, Trail>();
  readonly #queues = new Map<string, Queued[]>();
  #pending = 0;
  #others: OtherThreads | undefined;

  /** Connections that are being dialled, or open and not accepted yet. */
  get size(): number {
    return this.#pending + this.#open.size;
  }

  /** Whether no connection dialled by this program can arrive here. */
  get isIdle(): boolean {
    return this.size === 0 && this.#queues.size === 0 &&
      this.#others?.areAny !== true;
  }

  /** Takes other threads into account. */
  join(others: OtherThreads): void {
    this.#others = others;
  }

  /**
   * Notes a connection before it is dialled.
   *
   * @param place Where to, see {@linkcode placeOf}.
   * @param trail Listeners that lead there.
   * @returns Takes the outcome of the dial.
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
   * Notes a connection to one of this program's Unix sockets before it is
   * dialled. Clients of a Unix socket look alike, so they are taken in the
   * order of their connects.
   *
   * @param name Name of the listener.
   * @param trail Listeners that lead there.
   * @returns Takes the note back if connecting fails.
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
   * @param connection Its ends, neither IPv4-mapped.
   * @param context Stops the attempt when cancelled.
   * @returns The trail, once known; it is then forgotten.
   * @throws The reason of the cancellation, or a timeout.
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
   * @param context Stops the attempt when cancelled.
   * @returns The trail, once known; it is then forgotten.
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

  /** Skips connections older than `PATIENCE`: they were lost with their listener. */
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

/** The connections that this thread has dialled. */
export const ownDials: OwnDials = new OwnDials();

/**
 * Names a place.
 *
 * @param hostname Its address as text, neither mapped nor unspecified.
 */
export function placeOf(hostname: string, port: number): string {
  return `${hostname} ${port}`;
}

function endsOf(client: Deno.NetAddr, server: Deno.NetAddr): string {
  return `${client.hostname} ${client.port} ${server.hostname} ${server.port}`;
}

/** Only a connection from this machine waits for a pending dial. */
function isFromHere(client: Deno.NetAddr, server: Deno.NetAddr): boolean {
  if (client.hostname === server.hostname) return true;
  const ip = parseIpAddress(client.hostname.replace(/%.*$/, ""));
  return ip !== undefined && isThisMachine(ip);
}

interface Waiting {
  /** Number of the last dial that it may belong to. */
  last: number;
  resolve: (trail: Trail | undefined) => void;
}

/**
 * Pending dials to one place, and the accepted connections that wait for them.
 */
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
      if (last >= first) return; // Those queued after it do not know more either.
      this.#waiting.delete(ends);
      resolve(undefined);
    }
  }

  /** Hands the trail to the waiting connection; `false` if none waits. */
  give(ends: string, trail: Trail): boolean {
    const waiting = this.#waiting.get(ends);
    this.#waiting.delete(ends);
    waiting?.resolve(trail);
    return waiting !== undefined;
  }

  /** Waits for the dials pending now: later ones cannot have arrived yet. */
  wait(ends: string): Promise<Trail | undefined> {
    const { promise, resolve } = Promise.withResolvers<Trail | undefined>();
    this.#waiting.set(ends, { last: this.#last, resolve });
    return promise;
  }
}

/**
 * Waits with a time limit. A waiter that gave up stays in the list until the
 * dials are over.
 */
async function within<T>(waiting: Promise<T>, parent?: Context): Promise<T> {
  using context = new Context(parent);
  context.cancelAfter(PATIENCE, "Time");
  return await waitFor(waiting, context);
}

/**
 * Asks several threads at the same time.
 *
 * @param all Their answers.
 * @returns The first trail, or `undefined` once all have answered without one.
 * @throws The error of one, if none has answered with a trail before.
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
