/**
 * The exchange of a machine with its fleet at every round trip: its sign of
 * life, the time, and changes by other machines.
 *
 * @module
 */

import type { FleetView } from "../serve/counts/fleet_view.ts";
import type { FleetKeys } from "./keys.ts";
import type { FleetPart, Link } from "./link.ts";
import { type FleetScript, fleetScript } from "./script.ts";

/** Last part of the names of the channel and of the stream of changes. */
export const CHANNEL = "changes";

/** Milliseconds for which Redis remembers a machine after its last report. */
const KEPT = 600_000;

/** Changes that Redis keeps for machines that missed their messages. */
const KEPT_CHANGES = 2_000;

/** Most changes of one round trip. */
const MOST_CHANGES = 500;

/** Milliseconds by which two clocks may drift apart in a second. */
const DRIFT = 1;

/**
 * The Lua function `change`, for scripts that change data of all machines. It
 * needs the keys {@linkcode Pulse.changeKeys}. Every round trip reads the
 * sequence number; the message only arrives sooner.
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
 * Records that a machine is alive, and returns changes by other machines.
 *
 * ```text
 * KEYS: nodes facts state changes
 * ARGV: id, facts as JSON, epoch, sequence number that the machine has reached
 * ```
 */
export const PULSE: FleetScript = fleetScript(`
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

/** A change that concerns all machines. */
export interface FleetChange {
  /** Kind of change; it selects the part that takes the change. */
  readonly kind: string;
  /** Name of the machine that made the change. */
  readonly node: string;
  /** Incarnation of that machine. */
  readonly id: string;
  /** Further fields; they depend on the kind. */
  readonly [field: string]: unknown;
}

/** A part that takes changes. */
export interface ChangeTaker {
  /** Takes a change, which may be this machine's own. */
  take(change: FleetChange): void;
  /**
   * Reads everything from Redis, because this machine may have missed changes.
   *
   * @returns Resolves when everything is read; may reject with an error of
   *   {@linkcode Link.run}.
   */
  reload(): Promise<void>;
}

/** One run of the program on one machine. */
export interface Incarnation {
  /** Random; each start creates a new one. */
  readonly id: string;
  /** Name of the machine. */
  readonly node: string;
  /** Returns current facts for the other machines. */
  readonly facts: () => Readonly<Record<string, unknown>>;
}

type Reply = [
  now: string,
  epoch: string,
  sequence: number,
  changes: [id: string, fields: [name: string, text: string]][],
];

/** What the pulse needs. */
interface PulseContext {
  readonly link: Pick<Link, "run">;
  readonly keys: FleetKeys;
  readonly view: FleetView;
  readonly own: Incarnation;
}

/** The pulse of a machine. */
export class Pulse implements FleetPart {
  readonly #context: PulseContext;
  readonly #takers = new Map<string, ChangeTaker>();
  #epoch = "";
  #sequence = 0;
  /** Largest possible error of the clock's offset, in milliseconds. */
  #doubt = Infinity;

  /**
   * Creates a pulse that has not begun.
   *
   * @param context The fleet, this machine and its threads.
   */
  constructor(context: PulseContext) {
    this.#context = context;
  }

  /** The keys that {@linkcode CHANGE_LUA} needs: its state, and its stream. */
  get changeKeys(): readonly [state: string, stream: string] {
    const { keys } = this.#context;
    return [keys.of("state"), keys.of(CHANNEL)];
  }

  /**
   * Registers a receiver of changes.
   *
   * @param kinds Kinds of change that it takes.
   * @param taker The receiver.
   */
  on(kinds: readonly string[], taker: ChangeTaker): void {
    for (const kind of kinds) this.#takers.set(kind, taker);
  }

  /**
   * Reports that this machine is alive, and takes the latest changes.
   *
   * @param isFirst Whether Redis may have lost its data.
   */
  async flush(isFirst: boolean): Promise<void> {
    const { link, own, view } = this.#context;
    const before = performance.now();
    const clock = view.now();
    const asked = this.#sequence;
    const reply = await link.run(
      PULSE,
      [...this.#nodeKeys, ...this.changeKeys],
      [
        own.id,
        JSON.stringify({ node: own.node, ...own.facts() }),
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
    // Redis dropped the older changes before this machine could read them.
    if (this.#sequence >= sequence) return;
    if (changes.length === MOST_CHANGES) return view.hurry();
    this.#sequence = sequence;
    await this.#reload();
  }

  /**
   * Takes a message about a change. Ignores it if it is not the next one; the
   * next round trip then reads the change.
   *
   * @param message Its number and text.
   */
  hear(message: string): void {
    const space = message.indexOf(" ");
    const number = Number(message.slice(0, space));
    if (number === this.#sequence + 1) {
      this.#take(number, message.slice(space + 1));
    } else if (number > this.#sequence) this.#context.view.hurry();
  }

  /** Leaves the fleet. */
  async close(): Promise<void> {
    const { link, own } = this.#context;
    await link.run(LEAVE, this.#nodeKeys, [own.id]);
  }

  get #nodeKeys(): [string, string] {
    const { keys } = this.#context;
    return [keys.of("nodes"), keys.of("facts")];
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

  /** Assumes that Redis read its clock halfway between question and answer. */
  #setClock(ahead: number, duration: number): void {
    const doubt = duration / 2;
    if (doubt > this.#doubt + DRIFT) {
      this.#doubt += DRIFT;
      return;
    }
    this.#doubt = doubt;
    this.#context.view.addOffset(ahead - duration / 2);
  }
}
