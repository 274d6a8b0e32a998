/**
 * Bans and failures of a fleet: Redis decides, and each machine has a copy.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";
import { clientKey } from "../policy/limits/client_key.ts";
import {
  Bans,
  type BanState,
  DEFAULT_FAILURE_RULES,
  type FailureOutcome,
} from "../policy/users/bans.ts";
import type { FailureRules } from "../policy/users/failure_table.ts";
import { type BanAction, decideBan } from "../policy/users/replicated_bans.ts";
import type { BanDecider, BanList } from "../serve/counts/fleet.ts";
import { banEvents } from "../serve/limits/ban_events.ts";
import { DECIDE, LIST, parseState } from "./ban_script.ts";
import type { FleetPart } from "./link.ts";
import type { FleetContext } from "./context.ts";
import type { ChangeTaker, FleetChange } from "./pulse.ts";

/**
 * Most events that wait for Redis, whether it is slow or away. The oldest are
 * forgotten; their effect on this machine stays.
 */
const MOST_WAITING = 1_000;

/** Milliseconds after which a waiting event has no effect worth telling. */
const KEPT = 3_600_000;

/** Most lists; those that a reload has replaced end with their connections. */
const MOST_LISTS = 1_000;

/** A decision of Redis. */
type Decision = [
  ofClient: string | null,
  ofUser: string | null,
  ban: string | null,
  attack: string | null,
];

/** A change of bans, from any machine. */
interface BanChange extends FleetChange {
  readonly scope: string;
  readonly act: BanAction["act"];
  readonly client: string;
  readonly user: string;
  readonly ofClient: string | false;
  readonly ofUser: string | false;
  readonly ban: string | false;
  readonly attack: string | false;
}

/** The lists of bans of a machine. */
export class FleetBans implements FleetPart, ChangeTaker {
  readonly #context: FleetContext;
  /** The newest is the last; a reload may add others. */
  readonly #lists: FleetBanList[] = [];

  /**
   * Begins without lists.
   *
   * @param context The fleet.
   */
  constructor(context: FleetContext) {
    this.#context = context;
    context.pulse.on(["bans"], this);
  }

  /**
   * Joins a list.
   *
   * @param list The list.
   * @returns Decides about it.
   */
  join(list: BanList): BanDecider {
    const joined = new FleetBanList(this.#context, list);
    this.#lists.push(joined);
    if (this.#lists.length > MOST_LISTS) this.#lists.shift();
    return joined;
  }

  /** Sends what waited for Redis. */
  async flush(): Promise<void> {
    await Promise.all(this.#lists.map((list) => list.flush()));
  }

  /** Takes a change of another machine. */
  take(change: FleetChange): void {
    if (change.id === this.#context.own.id) return; // The reply had it.
    const all = this.#lists.filter(({ scope }) => scope === change["scope"]);
    for (const list of all) list.take(change as BanChange);
    all.at(-1)?.log(change as BanChange);
  }

  /** Reads all lists. */
  async reload(): Promise<void> {
    await Promise.all(this.#lists.map((list) => list.reload()));
  }
}

/** One list of bans. */
class FleetBanList implements BanDecider {
  readonly scope: string;
  readonly #context: FleetContext;
  readonly #list: BanList;
  readonly #rules: FailureRules;
  /** What Redis has decided, and what this machine has while it is away. */
  readonly #copy: Bans;
  /** Events that Redis does not know yet, with their time. */
  #waiting: { action: BanAction; at: number }[] = [];
  #inFlight = 0;
  /** States that have changed during a reload. */
  #touched: Set<string> | undefined;

  constructor(context: FleetContext, list: BanList) {
    this.scope = list.scope;
    this.#context = context;
    this.#list = list;
    this.#rules = { ...DEFAULT_FAILURE_RULES, ...list.settings };
    this.#copy = new Bans(list.settings);
    // What there is already comes with the next round trip.
    if (context.link.isUp) void this.reload().catch(() => {});
  }

  states(): BanState[] {
    return this.#copy.states();
  }

  decide(action: BanAction): void {
    if (this.#rules.after === 0) return;
    const { link, view } = this.#context;
    const at = view.now();
    if (link.isUp && this.#inFlight < MOST_WAITING) {
      void this.#ask(action, at).catch(() => this.#decideAlone(action, at));
    } else this.#decideAlone(action, at);
  }

  /** Tells Redis what it has missed. */
  async flush(): Promise<void> {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    const oldest = this.#context.view.now() - KEPT;
    const recent = waiting.filter(({ at }) => at > oldest);
    const all = await Promise.allSettled(
      recent.map(({ action, at }) => this.#ask(action, at)),
    );
    const failed = recent.filter((_, index) =>
      all[index]!.status === "rejected"
    );
    this.#waiting = [...failed, ...this.#waiting].slice(-MOST_WAITING);
    for (const one of all) if (one.status === "rejected") throw one.reason;
  }

  /** Takes a change of another machine. */
  take({ client, ofClient, ofUser, user }: BanChange): void {
    this.#deliver(client, user, [ofClient, ofUser]);
  }

  /** Logs a change of another machine. */
  log(change: BanChange): void {
    const { act, client, node, user } = change;
    const { log } = this.#context;
    const outcome = this.#outcome(client, user, change);
    for (const event of banEvents(outcome)) log(fromNode(event, node));
    if (act !== "lift" && act !== "calm") return;
    const what = act === "lift"
      ? `the ban of ${JSON.stringify(client)}`
      : `the attack on ${JSON.stringify(user)}`;
    const message = `An operator of ${node} ended ${what}`;
    log({ event: "message", level: "info", code: "fleet-ban-lifted", message });
  }

  /** Reads the whole list; what Redis does not know is forgotten. */
  async reload(): Promise<void> {
    const touched = new Set<string>();
    this.#touched = touched;
    const states = new Map<string, BanState>();
    for (const { key, of } of this.#copy.states()) {
      states.set(nameOf(of, key), { of, key, state: undefined });
    }
    await Promise.all((["client", "user"] as const).map(async (of) => {
      for await (const [key, text] of this.#statesOf(of)) {
        const state = parseState(text, this.#context.view.now());
        states.set(nameOf(of, key), { of, key, state });
      }
    }));
    // What has changed meanwhile is newer than what was read.
    for (const name of touched) states.delete(name);
    const all = [...states.values()];
    if (this.#touched === touched) this.#touched = undefined;
    this.#copy.replace(all);
    this.#list.deliver(all);
  }

  async *#statesOf(of: BanState["of"]): AsyncGenerator<[string, string]> {
    const { link } = this.#context;
    let cursor = "0";
    do {
      const [next, found] = await link.run(LIST, [this.#key(`${of}s`)], [
        cursor,
      ]) as [string, string[]];
      for (let index = 0; index < found.length; index += 2) {
        yield [found[index]!, found[index + 1]!];
      }
      cursor = next;
    } while (cursor !== "0");
  }

  async #ask(action: BanAction, at: number): Promise<void> {
    const { link, log, own, pulse, view } = this.#context;
    const { after, time, timeMax, window } = this.#rules;
    const client = "client" in action ? clientKey(action.client) : "";
    const user = "user" in action ? action.user : "";
    const age = Math.max(0, Math.round(view.now() - at));
    this.#inFlight++;
    let decision: Decision;
    try {
      decision = await link.run(DECIDE, [
        ...["clients", "clients-spent", "users", "users-spent"].map((name) =>
          this.#key(name)
        ),
        ...pulse.changeKeys,
      ], [
        ...[action.act, client, user, age],
        ...[after, window, time, timeMax],
        ...[this.scope, own.node, own.id],
      ]) as Decision;
    } finally {
      this.#inFlight--;
    }
    const [ofClient, ofUser, ban, attack] = decision;
    this.#deliver(client, user, [ofClient, ofUser]);
    const outcome = this.#outcome(client, user, { ban, attack });
    banEvents(outcome).forEach(log);
  }

  #decideAlone(action: BanAction, at: number): void {
    this.#waiting.push({ action, at });
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
    const { outcome, states } = decideBan(this.#copy, action);
    if (outcome !== undefined) banEvents(outcome).forEach(this.#context.log);
    this.#list.deliver(states);
  }

  #deliver(
    client: string,
    user: string,
    [ofClient, ofUser]: (string | null | false)[],
  ): void {
    const now = this.#context.view.now();
    const states: BanState[] = [];
    if (client !== "") {
      const state = parseState(ofClient ?? null, now);
      states.push({ of: "client", key: client, state });
    }
    if (user !== "") {
      const state = parseState(ofUser ?? null, now);
      states.push({ of: "user", key: user, state });
    }
    for (const { key, of } of states) this.#touched?.add(nameOf(of, key));
    this.#copy.replace(states);
    this.#list.deliver(states);
  }

  #outcome(
    client: string,
    user: string,
    { ban, attack }: Pick<BanChange, "ban" | "attack"> | {
      ban: string | null;
      attack: string | null;
    },
  ): FailureOutcome {
    const { after, window } = this.#rules;
    const begun = parseBegun(ban);
    const attacked = parseBegun(attack);
    const isForName = begun !== undefined && begun.failures < after;
    return {
      ban: begun && {
        event: "ban",
        code: isForName ? "guesser-banned" : "client-banned",
        ...{ client, ...begun, window },
        ...isForName ? { user } : {},
      },
      attack: attacked && { user, ...attacked, window },
    };
  }

  #key(name: string): string {
    return this.#context.keys.of("bans", this.scope, name);
  }
}

function nameOf(of: BanState["of"], key: string): string {
  return `${of} ${key}`;
}

function parseBegun(
  text: string | null | false,
): { duration: number; failures: number } | undefined {
  if (!text) return undefined;
  const [duration, failures] = text.split(" ").map(Number);
  return { duration: duration!, failures: failures! };
}

function fromNode(event: LogEvent, node: string): LogEvent {
  if (event.event === "ban") return { ...event, node };
  if (event.event !== "message") return event;
  return { ...event, message: `${event.message} (from ${node})` };
}
