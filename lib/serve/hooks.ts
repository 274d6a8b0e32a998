/**
 * Functions of the program that Sluice runs inside: they decide about a target,
 * or connect to it.
 *
 * @module
 */

import type { StreamPair } from "../net/stream_pair.ts";
import type { RuleCommand } from "../policy/rules/question.ts";

/** What a client asks for. */
export interface AuthorizeRequest {
  /** What it wants to do; `http` is a request without CONNECT. */
  readonly command: RuleCommand;
  /** Name or address of the target, without brackets. */
  readonly host: string;
  /** Port of the target. */
  readonly port: number;
  /** Where the client is: `HOST:PORT`, or `unix:PATH`. */
  readonly client: string;
  /** Name that the client has proved; `undefined` if it has proved none. */
  readonly user: string | undefined;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** A target to connect to. */
export interface DialRequest extends Omit<AuthorizeRequest, "command"> {
  /**
   * The addresses that the rules and the address guard allow; `undefined` if
   * the answer does not depend on the address, and the name was not resolved.
   */
  readonly addresses: readonly string[] | undefined;
}

/** What the program decides itself; without one nothing is asked. */
export interface Hooks {
  /**
   * Decides about a client's request, before the rules do. `false` and an
   * exception refuse it; a text refuses it too, and is the reason in the log.
   */
  readonly authorize?:
    | ((request: AuthorizeRequest) => Answer<boolean | string>)
    | undefined;
  /**
   * Connects to a target that the rules allow. `undefined` leaves it to Sluice.
   * Sluice closes what it is given.
   */
  readonly dial?:
    | ((target: DialRequest) => Answer<StreamPair | undefined>)
    | undefined;
}

/**
 * A value, now or later.
 *
 * @typeParam T The value.
 */
export type Answer<T> = T | Promise<T>;
