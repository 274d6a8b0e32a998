/**
 * Questions to rules.
 *
 * @module
 */

import type { IpAddress } from "../../wire/ip_address.ts";
import { quote } from "../../wire/quote.ts";
import { plainName } from "../../wire/host_name.ts";
import { unmapAddress } from "../../wire/ip_mapped.ts";
import { type IsOwn, refusedRange } from "./address_guard.ts";
import { reachedBy } from "./embedded_address.ts";

/** A client's command; `http` is a request without CONNECT. */
export type RuleCommand = "connect" | "bind" | "udp" | "http";

/** All commands. */
export const RULE_COMMANDS: readonly RuleCommand[] = [
  "connect",
  "bind",
  "udp",
  "http",
];

/**
 * Parses the name of a command.
 *
 * @throws {SyntaxError} If there is no such command.
 */
export function parseCommand(text: string): RuleCommand {
  const command = RULE_COMMANDS.find((known) => known === text);
  if (command !== undefined) return command;
  throw new SyntaxError(
    `${quote(text)} is not a command: expected ${RULE_COMMANDS.join(", ")}`,
  );
}

/** A question: a client, a command and a target. */
export interface Question {
  /** Address of the client; `undefined` over a Unix socket. */
  readonly client: IpAddress | undefined;
  /** The authenticated user name; `undefined` without one. */
  readonly user: string | undefined;
  /** The listener. */
  readonly listener:
    | { readonly ip: IpAddress; readonly port: number }
    | { readonly path: string };
  /** The command. */
  readonly command: RuleCommand;
  /**
   * The target's name, if the client gave one, and its port. `undefined` while
   * unknown, as before the first datagram.
   */
  readonly target:
    | { readonly name: string | undefined; readonly port: number }
    | undefined;
  /** Whether the address guard applies to the listener. */
  readonly isGuarded: boolean;
  /** Tells the guard which addresses this machine has (default: none). */
  readonly isOwn?: IsOwn;
}

/** A question during its answer, with values that several rules need. */
export class Subject {
  /** The question. */
  readonly question: Question;
  /** The address to dial; `undefined` while unknown. */
  readonly address: IpAddress | undefined;
  /** Unmapped address of the client; `undefined` if it has none. */
  readonly client: IpAddress | undefined;
  /** Name of the target in lower case, if it has one. */
  readonly name: string | undefined;

  readonly #now: () => number;
  #time: number | undefined;
  #plain: IpAddress | undefined;
  #reached: readonly IpAddress[] | undefined;

  /**
   * Prepares the values of a question.
   *
   * @param address The address to dial, if known.
   * @param now Clock in milliseconds since 1970.
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

  /** The time, the same for all rules. */
  get time(): number {
    return this.#time ??= this.#now();
  }

  /** The unmapped address, for rules that allow. */
  get plain(): IpAddress {
    return this.#plain ??= unmapAddress(this.address!);
  }

  /** All addresses that it may lead to, for rules that deny. */
  get reached(): readonly IpAddress[] {
    return this.#reached ??= reachedBy(this.address!);
  }

  /** The range for which the guard refuses the address, if it does. */
  get guarded(): string | undefined {
    const { isGuarded, isOwn } = this.question;
    return isGuarded && this.address !== undefined
      ? refusedRange(this.address, isOwn)
      : undefined;
  }
}
