/**
 * Bans of a server that runs in several threads: each has a copy, and one place
 * decides what is in it.
 *
 * @module
 */

import {
  Bans,
  type BansOptions,
  type BanState,
  type FailureOutcome,
} from "./bans.ts";
import { clientKey } from "../limits/client_key.ts";

/** What a thread has seen, or was told to do. */
export type BanAction =
  | { act: "fail"; client: string; user: string }
  | { act: "succeed"; client: string }
  | { act: "lift"; client: string }
  | { act: "calm"; user: string };

/**
 * The copy of one thread. What happens in it counts here at once, and is told;
 * what comes back, in one order for all, takes the place of what was counted.
 */
export class ReplicatedBans extends Bans {
  readonly #tell: (action: BanAction) => void;

  /**
   * Creates a copy in which nobody is banned.
   *
   * @param options What leads to a ban.
   * @param tell Takes what has happened here.
   */
  constructor(options: BansOptions, tell: (action: BanAction) => void) {
    super(options);
    this.#tell = tell;
  }

  /**
   * Counts wrong credentials.
   *
   * @param client Address they came from.
   * @param user Name as sent.
   * @returns Nothing that is to be logged: whoever decides does that.
   */
  override fail(client: string, user: string): FailureOutcome {
    super.fail(client, user);
    this.#tell({ act: "fail", client, user });
    return { ban: undefined, attack: undefined };
  }

  /**
   * Forgets the failures of a client that has given right credentials.
   *
   * @param client Its address.
   */
  override succeed(client: string): void {
    const [known] = this.statesOf(clientKey(client));
    if ((known?.state?.failures.length ?? 0) === 0) return;
    super.succeed(client);
    this.#tell({ act: "succeed", client });
  }

  /**
   * Ends the ban of a client, everywhere.
   *
   * @param client Address or key.
   * @returns Whether it was banned.
   */
  override lift(client: string): boolean {
    this.#tell({ act: "lift", client });
    return super.lift(client);
  }

  /**
   * Ends the attack on a name, everywhere.
   *
   * @param user Name as sent.
   * @returns Whether it was under attack.
   */
  override calm(user: string): boolean {
    this.#tell({ act: "calm", user });
    return super.calm(user);
  }
}

/** What comes of an action where it is decided. */
export interface BanDecision {
  /** What a failure has led to. */
  outcome: FailureOutcome | undefined;
  /** What all copies are to take. */
  states: BanState[];
}

/**
 * Does what a thread has told.
 *
 * @param bans What decides.
 * @param action What was told.
 * @returns What has come of it.
 */
export function decideBan(bans: Bans, action: BanAction): BanDecision {
  let outcome: FailureOutcome | undefined;
  if (action.act === "fail") outcome = bans.fail(action.client, action.user);
  else if (action.act === "succeed") bans.succeed(action.client);
  else if (action.act === "lift") bans.lift(action.client);
  else bans.calm(action.user);
  const client = action.act === "calm" ? undefined : action.client;
  const user = "user" in action ? action.user : undefined;
  return { outcome, states: bans.statesOf(client, user) };
}
