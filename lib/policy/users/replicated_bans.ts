/**
 * Bans of a server with several threads. Each thread has a copy, and one place
 * decides about its contents.
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

/** An event in one thread, or an order of the operator. */
export type BanAction =
  | { act: "fail"; client: string; user: string }
  | { act: "succeed"; client: string }
  | { act: "ban"; client: string; time: number }
  | { act: "lift"; client: string }
  | { act: "calm"; user: string };

/**
 * The copy of one thread. Events here count immediately and are reported. The
 * decisions come back in one order for all threads, and replace the local
 * counts.
 */
export class ReplicatedBans extends Bans {
  readonly #tell: (action: BanAction) => void;

  /**
   * Creates a copy without bans.
   *
   * @param options Rules for bans.
   * @param tell Reports an event to the deciding place.
   */
  constructor(options: BansOptions, tell: (action: BanAction) => void) {
    super(options);
    this.#tell = tell;
  }

  /**
   * Counts wrong credentials.
   *
   * @param client Client's address.
   * @param user Name as sent.
   * @returns No consequences: the deciding place logs them.
   */
  override fail(client: string, user: string): FailureOutcome {
    super.fail(client, user);
    this.#tell({ act: "fail", client, user });
    return { ban: undefined, attack: undefined };
  }

  /**
   * Clears the failures of a client after correct credentials.
   *
   * @param client Address.
   */
  override succeed(client: string): void {
    const [known] = this.statesOf(clientKey(client));
    if ((known?.state?.failures.length ?? 0) === 0) return;
    super.succeed(client);
    this.#tell({ act: "succeed", client });
  }

  /**
   * Ends a client's ban in all threads.
   *
   * @param client Address or key.
   * @returns Whether the client was banned.
   */
  override lift(client: string): boolean {
    this.#tell({ act: "lift", client });
    return super.lift(client);
  }

  /**
   * Ends the attack on a name in all threads.
   *
   * @param user Name as sent.
   * @returns Whether it was under attack.
   */
  override calm(user: string): boolean {
    this.#tell({ act: "calm", user });
    return super.calm(user);
  }
}

/** Decision about an action. */
export interface BanDecision {
  /** Consequences of a failure. */
  outcome: FailureOutcome | undefined;
  /** States for all copies. */
  states: BanState[];
}

/**
 * Executes an action that a thread reported.
 *
 * @param bans The deciding table.
 */
export function decideBan(bans: Bans, action: BanAction): BanDecision {
  let outcome: FailureOutcome | undefined;
  if (action.act === "fail") outcome = bans.fail(action.client, action.user);
  else if (action.act === "succeed") bans.succeed(action.client);
  else if (action.act === "ban") bans.ban(action.client, action.time);
  else if (action.act === "lift") bans.lift(action.client);
  else bans.calm(action.user);
  const client = action.act === "calm" ? undefined : action.client;
  const user = "user" in action ? action.user : undefined;
  return { outcome, states: bans.statesOf(client, user) };
}
