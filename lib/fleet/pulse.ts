/**
 * What a machine exchanges with its fleet at every round trip: that it lives,
 * the time, and what the others have changed.
 *
 * @module
 */

import type { FleetView } from "../serve/counts/fleet_view.ts";
import type { FleetKeys } from "./keys.ts";
import type { FleetPart, Link } from "./link.ts";
import { fleetScript } from "./script.ts";

/** Part of the name of the channel, and of the stream of changes. */
export const CHANNEL = "changes";

/** Milliseconds for which a machine that has gone is remembered. */
const KEPT = 600_000;

/** Changes that Redis keeps for machines that missed their messages. */
const KEPT_CHANGES = 2_000;

/** Most changes of one round trip. */
const MOST_CHANGES = 500;

/** Milliseconds by which two clocks may drift apart in a second. */
const DRIFT = 1;

/**
 * The Lua function `change`, for scripts that change what all machines must
 * know. It needs the keys {@linkcode Pulse.changeKeys}. The sequence number is
 * read at every round trip; the message only tells sooner.
 */
export const CHANGE_LUA = `
local function change(state, stream, text)
  if redis.call('HSETNX', state, 'epoch', string.format('%.0f', now)) == 1 then
    redis.call('DEL', stream)
  end
  local sequence = redis.call('HINCRBY', state, 'sequence', 1)
  redis.call('XADD', stream, 'MAXLEN', '~', ${KEPT_CHANGES}, sequence .. '-0', 'c', text)
  redis.call('PEXPIRE', state, ${KEPT})
  redis.call('PEXPIRE', stream, ${KEPT})
  redis.call('PUBLISH', stream, sequence .. ' ' .. text)
end
`;

/**
 * Notes that a machine lives, and returns what the others have changed.
 *
 * ```text
 * KEYS: nodes facts state changes
 * ARGV: id, facts as JSON, epoch, sequence number that the machine has reached
 * ```
 */
export const PULSE = fleetScript(`
local nodes, facts, state, stream = unpack(KEYS)
local id, own, epoch, sequence = unpack(ARGV)
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', nodes, '-inf', now - ${KEPT}, 'LIMIT', 0, 100)) do
  redis.call('ZREM', nodes, gone)
  redis.call('HDEL', facts, gone)
end
redis.call('ZADD', nodes, string.format('%.0f', now), id)
redis.call('HSET', facts, id, own)
redis.call('PEXPIRE', nodes, ${KEPT})
redis.call('PEXPIRE', facts, ${KEPT})
redis.call('HSETNX', state, 'epoch', string.format('%.0f', now))
redis.call('PEXPIRE', state, ${KEPT})
local known = redis.call('HMGET', state, 'epoch', 'sequence')
local last = tonumber(known[2] or 0) or 0
local changes = {}
if known[1] == epoch and last > tonumber(sequence) then
  local from = string.format('%.0f', tonumber(sequence) + 1)
  changes = redis.call('XRANGE', stream, from .. '-0', '+', 'COUNT', ${MOST_CHANGES})
end
return { string.format('%.0f', now), known[1], last, changes }
`);

const LEAVE = fleetScript(`
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
return 1
`);

/** A change that all machines must know. */
export interface FleetChange {
  /** Kind of change, which names the part that takes it. */
  readonly kind: string;
  /** Name of the machine on which it happened. */
  readonly node: string;
  /** Incarnation of that machine. */
  readonly id: string;
  /** Further fields, by kind. */
  readonly [field: string]: unknown;
}

/** A part that takes changes. */
export interface ChangeTaker {
  /**
   * Takes a change, also one of this machine itself.
   *
   * @param change The change.
   */
  take(change: FleetChange): void;
  /**
   * Reads everything from Redis, because changes may have been missed.
   *
   * @returns Resolves when it is read; may reject with an error of
   *   {@linkcode Link.run}.
   */
  reload(): Promise<void>;
}

/** One run of the program on one machine. */
export interface Incarnation {
  /** Random, and new at every start. */
  readonly id: string;
  /** Name of the machine. */
  readonly node: string;
  /** Further facts for the other machines. */
  readonly facts: Readonly<Record<string, string | number>>;
}

type Reply = [
  now: string,
  epoch: string,
  sequence: number,
  changes: [id: string, fields: [name: string, text: string]][],
];

/** The pulse of a machine. */
export class Pulse implements FleetPart {
  readonly #link: Pick<Link, "run">;
  readonly #keys: FleetKeys;
  readonly #view: FleetView;
  readonly #own: Incarnation;
  readonly #takers = new Map<string, ChangeTaker>();
  #epoch = "";
  #sequence = 0;
  /** Greatest error of the offset, in milliseconds. */
  #doubt = Infinity;

  /**
   * Creates a pulse that has not begun.
   *
   * @param link The link.
   * @param options The fleet, this machine and its threads.
   */
  constructor(
    link: Pick<Link, "run">,
    { keys, view, own }: {
      keys: FleetKeys;
      view: FleetView;
      own: Incarnation;
    },
  ) {
    this.#link = link;
    this.#keys = keys;
    this.#view = view;
    this.#own = own;
  }

  /** The keys that {@linkcode CHANGE_LUA} needs: its state, and its stream. */
  get changeKeys(): readonly [state: string, stream: string] {
    return [this.#keys.of("state"), this.#keys.of(CHANNEL)];
  }

  /**
   * Adds a taker of changes.
   *
   * @param kinds Kinds that it takes.
   * @param taker The taker.
   */
  on(kinds: readonly string[], taker: ChangeTaker): void {
    for (const kind of kinds) this.#takers.set(kind, taker);
  }

  /**
   * Lives on, and takes what has changed.
   *
   * @param isFirst Whether Redis may have forgotten anything.
   */
  async flush(isFirst: boolean): Promise<void> {
    const before = performance.now();
    const clock = this.#view.now();
    const asked = this.#sequence;
    const reply = await this.#link.run(
      PULSE,
      [...this.#nodeKeys, ...this.changeKeys],
      [
        this.#own.id,
        JSON.stringify({ node: this.#own.node, ...this.#own.facts }),
        isFirst ? "" : this.#epoch,
        asked,
      ],
    ) as Reply;
    const [now, epoch, sequence, changes] = reply;
    this.#setClock(Number(now) - clock, performance.now() - before);
    if (isFirst || epoch !== this.#epoch || sequence < asked) {
      this.#epoch = epoch;
      this.#sequence = sequence;
      await this.#reload();
      return;
    }
    for (const [id, [, text]] of changes) {
      this.#take(Number(id.split("-", 1)[0]), text);
    }
    // Older ones were dropped before they could be read.
    if (this.#sequence >= sequence) return;
    if (changes.length === MOST_CHANGES) return this.#view.hurry();
    this.#sequence = sequence;
    await this.#reload();
  }

  /**
   * Takes a message about a change. One that is not the next is ignored: the
   * next round trip reads it instead.
   *
   * @param message Its number and text.
   */
  hear(message: string): void {
    const space = message.indexOf(" ");
    const number = Number(message.slice(0, space));
    if (number === this.#sequence + 1) {
      this.#take(number, message.slice(space + 1));
    } else if (number > this.#sequence) this.#view.hurry();
  }

  /** Leaves the fleet. */
  async close(): Promise<void> {
    await this.#link.run(LEAVE, this.#nodeKeys, [this.#own.id]);
  }

  get #nodeKeys(): [string, string] {
    return [this.#keys.of("nodes"), this.#keys.of("facts")];
  }

  #take(number: number, text: string): void {
    if (number !== this.#sequence + 1) return;
    this.#sequence = number;
    const change = JSON.parse(text) as FleetChange;
    this.#takers.get(change.kind)?.take(change);
  }

  async #reload(): Promise<void> {
    const all = new Set(this.#takers.values());
    await Promise.all([...all].map((taker) => taker.reload()));
  }

  /** The answer was written somewhere between question and arrival. */
  #setClock(ahead: number, duration: number): void {
    const doubt = duration / 2;
    if (doubt > this.#doubt + DRIFT) {
      this.#doubt += DRIFT;
      return;
    }
    this.#doubt = doubt;
    this.#view.addOffset(ahead - duration / 2);
  }
}
