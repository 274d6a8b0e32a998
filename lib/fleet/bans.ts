/**
 * Bans and failures of a fleet. Redis decides, and each machine has a copy.
 *
 * @module
 */

import { clientKey } from "../policy/limits/client_key.ts";
import {
  Bans,
  type BanState,
  DEFAULT_FAILURE_RULES,
} from "../policy/users/bans.ts";
import type { FailureRules } from "../policy/users/failure_table.ts";
import { type BanAction, decideBan } from "../policy/users/replicated_bans.ts";
import type { BanDecider, BanList } from "../serve/counts/fleet.ts";
import { banEvents } from "../serve/limits/ban_events.ts";
import { type BanChange, changeEvents, outcomeOf } from "./ban_change.ts";
import { DECIDE, LIST, parseState } from "./ban_script.ts";
import type { FleetPart } from "./link.ts";
import type { FleetContext } from "./context.ts";
import type { ChangeTaker, FleetChange } from "./pulse.ts";
import { scan } from "./scan.ts";

/**
 * Most events that wait for Redis while it is slow or unreachable. Beyond that,
 * the oldest never reach Redis; their effect on this machine stays.
 */
const MOST_WAITING = 1_000;

/** Milliseconds after which a waiting event is too old to matter. */
const KEPT = 3_600_000;

/**
 * Most lists. A list that a reload has replaced lasts as long as its
 * connections.
 */
const MOST_LISTS = 1_000;

/** The reply of Redis: the decision on one event. */
type Decision = [
  ofClient: string | null,
  ofUser: string | null,
  ban: string | null,
  attack: string | null,
];

/** The ban lists of a machine. */
export class FleetBans implements FleetPart, ChangeTaker {
  readonly #context: FleetContext;
  /** Oldest first; each reload may add some. */
  readonly #lists: FleetBanList[] = [];

  /** Creates an object without lists. */
  constructor(context: FleetContext) {
    this.#context = context;
    context.pulse.on(["bans"], this);
  }

  /**
   * Joins a list.
   *
   * @returns The decider for this list.
   */
  join(list: BanList): BanDecider {
    const joined = new FleetBanList(this.#context, list);
    this.#lists.push(joined);
    if (this.#lists.length > MOST_LISTS) this.#lists.shift();
    return joined;
  }

  /** Sends the events that waited for Redis. */
  async flush(): Promise<void> {
    await Promise.all(this.#lists.map((list) => list.flush()));
  }

  /** Applies a change of another machine. */
  take(change: FleetChange): void {
    if (change.id === this.#context.own.id) return; // Part of the reply.
    const all = this.#lists.filter(({ scope }) => scope === change["scope"]);
    for (const list of all) list.take(change as BanChange);
    all.at(-1)?.log(change as BanChange);
  }

  /** Reads all lists. */
  async reload(): Promise<void> {
    await Promise.all(this.#lists.map((list) => list.reload()));
  }
}

/** One ban list. */
class FleetBanList implements BanDecider {
  readonly scope: string;
  readonly #context: FleetContext;
  readonly #list: BanList;
  readonly #rules: FailureRules;
  /**
   * The decisions of Redis, and this machine's own while Redis is unreachable.
   */
  readonly #copy: Bans;
  /** Events that Redis has not received yet, with their times. */
  #waiting: { action: BanAction; at: number }[] = [];
  #inFlight = 0;
  /** Names whose states have changed during a reload. */
  #touched: Set<string> | undefined;

  constructor(context: FleetContext, list: BanList) {
    this.scope = list.scope;
    this.#context = context;
    this.#list = list;
    this.#rules = { ...DEFAULT_FAILURE_RULES, ...list.settings };
    this.#copy = new Bans(list.settings);
    // Otherwise the first round trip reads the existing bans.
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

  /** Sends the events that Redis has missed. */
  async flush(): Promise<void> {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    const oldest = this.#context.view.now() - KEPT;
    const recent = waiting.filter(({ action, at }) =>
      at > oldest - (action.act === "ban" ? action.time : 0)
    );
    const all = await Promise.allSettled(
      recent.map(({ action, at }) => this.#ask(action, at)),
    );
    const failed = recent.filter((_, index) =>
      all[index]!.status === "rejected"
    );
    this.#waiting = [...failed, ...this.#waiting].slice(-MOST_WAITING);
    for (const one of all) if (one.status === "rejected") throw one.reason;
  }

  /** Applies a change of another machine. */
  take({ client, ofClient, ofUser, user }: BanChange): void {
    this.#deliver(client, user, [ofClient, ofUser]);
  }

  /** Logs a change of another machine. */
  log(change: BanChange): void {
    changeEvents(change, this.#rules).forEach(this.#context.log);
  }

  /** Reads the whole list from Redis and removes all other states. */
  async reload(): Promise<void> {
    // Events that Redis has not received are newer than its states.
    const touched = new Set(
      this.#waiting.flatMap(({ action }) => namesOf(action)),
    );
    this.#touched = touched;
    const states = new Map<string, BanState>();
    for (const { key, of } of this.#copy.states()) {
      states.set(nameOf(of, key), { of, key, state: undefined });
    }
    await Promise.all((["client", "user"] as const).map(async (of) => {
      const { link, view } = this.#context;
      for await (const [key, text] of scan(link, LIST, [this.#key(`${of}s`)])) {
        const state = parseState(text, view.now());
        states.set(nameOf(of, key), { of, key, state });
      }
    }));
    // Changes during the reload are newer than the states that it read.
    for (const name of touched) states.delete(name);
    const all = [...states.values()];
    if (this.#touched === touched) this.#touched = undefined;
    this.#copy.replace(all);
    this.#list.deliver(all);
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
        action.act === "ban" ? action.time : 0,
      ]) as Decision;
    } finally {
      this.#inFlight--;
    }
    const [ofClient, ofUser, ban, attack] = decision;
    this.#deliver(client, user, [ofClient, ofUser]);
    const begun = { client, user, ban, attack };
    banEvents(outcomeOf(begun, this.#rules)).forEach(log);
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
    const changed = [
      { of: "client", key: client, text: ofClient },
      { of: "user", key: user, text: ofUser },
    ] as const;
    for (const { of, key, text } of changed) {
      if (key === "") continue;
      states.push({ of, key, state: parseState(text ?? null, now) });
      this.#touched?.add(nameOf(of, key));
    }
    this.#copy.replace(states);
    this.#list.deliver(states);
  }

  #key(name: string): string {
    return this.#context.keys.of("bans", this.scope, name);
  }
}

function namesOf(action: BanAction): string[] {
  return [
    ..."client" in action ? [nameOf("client", clientKey(action.client))] : [],
    ..."user" in action ? [nameOf("user", action.user)] : [],
  ];
}

function nameOf(of: BanState["of"], key: string): string {
  return `${of} ${key}`;
}
