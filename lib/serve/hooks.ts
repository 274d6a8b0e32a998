/**
 * Hooks of a program that embeds Sluice: they decide about a target, or connect
 * to it.
 *
 * @module
 */

import type { StreamPair } from "../net/stream_pair.ts";
import type { RuleCommand } from "../policy/rules/question.ts";

/** A client's request. */
export interface AuthorizeRequest {
  /** The command; `http` is a request without CONNECT. */
  readonly command: RuleCommand;
  /** Name or address of the target, without brackets. */
  readonly host: string;
  /** Port of the target. */
  readonly port: number;
  /** Address of the client: `HOST:PORT` or `unix:PATH`. */
  readonly client: string;
  /** Name of the authenticated user; `undefined` without authentication. */
  readonly user: string | undefined;
  /** Aborted when the answer is no longer needed. */
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

/** Decisions of the program; without a hook Sluice decides alone. */
export interface Hooks {
  /**
   * Decides about a client's request before the rules do. `false` or an
   * exception refuses it. A string refuses it too and becomes the reason in the
   * log.
   */
  readonly authorize?:
    | ((request: AuthorizeRequest) => Answer<boolean | string>)
    | undefined;
  /**
   * Connects to a target that the rules allow. If it returns `undefined`,
   * Sluice connects. Sluice closes the returned connection.
   */
  readonly dial?:
    | ((target: DialRequest) => Answer<StreamPair | undefined>)
    | undefined;
}

/**
 * A value, or a promise of one.
 *
 * @typeParam T Type of the value.
 */
export type Answer<T> = T | Promise<T>;
