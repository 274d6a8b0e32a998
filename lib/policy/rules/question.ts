/**
 * What rules are asked about.
 *
 * @module
 */

import type { IpAddress } from "../../wire/ip_address.ts";
import { plainName } from "../../wire/host_name.ts";
import { unmapAddress } from "../../wire/ip_mapped.ts";
import { type IsOwn, refusedRange } from "./address_guard.ts";
import { reachedBy } from "./embedded_address.ts";

/** What a client asks for: `http` is a request without CONNECT. */
export type RuleCommand = "connect" | "bind" | "udp" | "http";

/** What clients can ask for. */
export const RULE_COMMANDS: readonly RuleCommand[] = [
  "connect",
  "bind",
  "udp",
  "http",
];

/** Who wants what of whom. */
export interface Question {
  /** Address of the client; `undefined` where it came by a Unix socket. */
  readonly client: IpAddress | undefined;
  /** Name it has proved; `undefined` where it has not. */
  readonly user: string | undefined;
  /** Where it reached us. */
  readonly listener:
    | { readonly ip: IpAddress; readonly port: number }
    | { readonly path: string };
  /** What it asks for. */
  readonly command: RuleCommand;
  /**
   * Whom for: the name, where it was given by name, and the port. `undefined`
   * where that is not known yet, as before the first datagram.
   */
  readonly target:
    | { readonly name: string | undefined; readonly port: number }
    | undefined;
  /** Whether the address guard holds on the listener. */
  readonly isGuarded: boolean;
  /** Tells the guard which addresses this machine has (default: none). */
  readonly isOwn?: IsOwn;
}

/** A question while it is answered: what several rules want to know of it. */
export class Subject {
  /** What was asked. */
  readonly question: Question;
  /** Address that would be dialled; `undefined` where it is not known yet. */
  readonly address: IpAddress | undefined;
  /** Address of the client, never mapped; `undefined` where it has none. */
  readonly client: IpAddress | undefined;
  /** Name of the target in small letters, where it has one. */
  readonly name: string | undefined;

  readonly #now: () => number;
  #time: number | undefined;
  #plain: IpAddress | undefined;
  #reached: readonly IpAddress[] | undefined;

  /**
   * Prepares an answer.
   *
   * @param question What was asked.
   * @param address Address that would be dialled, where it is known.
   * @param now Tells the time in milliseconds since 1970.
   */
  constructor(
    question: Question,
    address: IpAddress | undefined,
    now: () => number,
  ) {
    const name = question.target?.name;
    this.question = question;
    this.address = address;
    this.client = question.client && unmapAddress(question.client);
    this.name = name === undefined ? undefined : plainName(name);
    this.#now = now;
  }

  /** The time, one and the same for all rules. */
  get time(): number {
    return this.#time ??= this.#now();
  }

  /** The address as allowing it takes it: nothing but unmapped. */
  get plain(): IpAddress {
    return this.#plain ??= unmapAddress(this.address!);
  }

  /** All that the address may lead to, as denying it takes it. */
  get reached(): readonly IpAddress[] {
    return this.#reached ??= reachedBy(this.address!);
  }

  /** Why the guard refuses the address, where it does. */
  get guarded(): string | undefined {
    const { isGuarded, isOwn } = this.question;
    return isGuarded && this.address !== undefined
      ? refusedRange(this.address, isOwn)
      : undefined;
  }
}
