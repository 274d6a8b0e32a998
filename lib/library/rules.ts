/**
 * The rules of the proxy without a proxy: they decide which targets clients may
 * reach.
 *
 * ```ts
 * import { assert } from "@std/assert";
 * import { decide, parseRules } from "@sluice/sluice/rules";
 *
 * const rules = await parseRules("allow name *.example port 443\ndefault deny");
 * assert(decide(rules, { host: "www.example", port: 443 })?.isAllowed);
 * ```
 *
 * @module
 */

import {
  loadRegexps,
  parseRules as parse,
  type RuleSource,
} from "../policy/rules/parse_rules.ts";
import type { Question, RuleCommand } from "../policy/rules/question.ts";
import { Rules, type Verdict } from "../policy/rules/rules.ts";
import { isUnixPath, parseEndpoint } from "../wire/endpoint.ts";
import { parseHost } from "../wire/host_name.ts";
import { type IpAddress, parseIpAddress } from "../wire/ip_address.ts";

export type { RuleCommand } from "../policy/rules/question.ts";
export type { Verdict, WouldDeny } from "../policy/rules/rules.ts";

/** Rules returned by {@linkcode parseRules}. They never change. */
export interface RuleSet {
  /** Number of rules, without the default. */
  readonly size: number;
  /** Whether they allow every request. */
  readonly isOpen: boolean;
}

/** A request for the rules to decide. */
export interface RuleRequest {
  /** Name or address of the target, without brackets. */
  readonly host: string;
  /** Port of the target. */
  readonly port: number;
  /** The client's command (default `connect`). */
  readonly command?: RuleCommand | undefined;
  /** Address of the target's name (default: unknown). */
  readonly address?: string | undefined;
  /** Address of the client (default: none, as for a Unix socket). */
  readonly client?: string | undefined;
  /** Name of the authenticated user (default: none). */
  readonly user?: string | undefined;
  /**
   * Listener that the client connected to: `HOST:PORT` or `unix:PATH` (default
   * 127.0.0.1:1080).
   */
  readonly listener?: string | undefined;
  /**
   * Whether the address guard refuses special addresses that no rule names, as
   * on a listener that other machines can reach (default false).
   */
  readonly isGuarded?: boolean | undefined;
}

/**
 * Parses rules.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseRules } from "@sluice/sluice/rules";
 *
 * const rules = await parseRules(["deny name *.ads.example", "default allow"]);
 * assertEquals(rules.size, 1);
 * ```
 *
 * @param text The text of a rules file, or an array of its lines.
 * @throws {SyntaxError} If a rule is malformed; the message says where and why.
 * @throws {TypeError} If it is neither a string nor an array of strings.
 */
export async function parseRules(
  text: string | readonly string[],
): Promise<RuleSet> {
  const isText = typeof text === "string" ||
    Array.isArray(text) && text.every((line) => typeof line === "string");
  if (!isText) {
    throw new TypeError("Cannot parse rules: expected a string, or an array");
  }
  const source: RuleSource = {
    lines: typeof text === "string" ? text.split("\n") : text,
    place: (line, column) => `line ${line}, column ${column}`,
    label: (line) => `line ${line}`,
  };
  await loadRegexps([source]);
  return parse([source]);
}

/**
 * Decides about one request. It resolves no name: if a rule depends on the
 * address, the answer stays open until the request contains one.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decide, parseRules } from "@sluice/sluice/rules";
 *
 * const rules = await parseRules(["deny to 10.0.0.0/8"]);
 * const open = decide(rules, { host: "db.example", port: 5432 });
 * const address = "10.0.0.5";
 * const denied = decide(rules, { host: "db.example", port: 5432, address });
 * assertEquals([open, denied?.isAllowed], [undefined, false]);
 * ```
 *
 * @param rules Rules from {@linkcode parseRules}.
 * @returns The decision; `undefined` if it depends on the address.
 * @throws {TypeError} If an argument is wrong.
 */
export function decide(
  rules: RuleSet,
  request: RuleRequest,
): Verdict | undefined {
  if (!(rules instanceof Rules)) {
    throw new TypeError("Cannot decide: pass what parseRules() has returned");
  }
  const host = hostOf(request);
  const address = request.address === undefined
    ? undefined
    : addressOf("address", request.address);
  const name = typeof host === "string" ? host : undefined;
  const question: Question = {
    client: request.client === undefined
      ? undefined
      : addressOf("client", request.client),
    user: request.user,
    listener: listenerOf(request.listener ?? "127.0.0.1:1080"),
    command: request.command ?? "connect",
    target: { name, port: request.port },
    isGuarded: request.isGuarded ?? false,
  };
  const ip = typeof host === "string" ? address : host;
  return ip === undefined
    ? rules.decideName(question)
    : rules.decideAddress(question, ip);
}

function hostOf({ host, port }: RuleRequest): string | IpAddress {
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new TypeError(
      `Cannot decide: "port" is not a number from 0 to 65535`,
    );
  }
  try {
    if (typeof host === "string") return parseHost(host);
  } catch (error) {
    const why = (error as SyntaxError).message;
    throw new TypeError(`Cannot decide: "host": ${why}`);
  }
  throw new TypeError(`Cannot decide: "host" is not a string`);
}

function addressOf(name: string, text: string): IpAddress {
  const ip = typeof text === "string" ? parseIpAddress(text) : undefined;
  if (ip !== undefined) return ip;
  throw new TypeError(`Cannot decide: "${name}" is not an IP address`);
}

function listenerOf(text: string): Question["listener"] {
  const endpoint = parseEndpoint(text, "127.0.0.1");
  return isUnixPath(endpoint)
    ? { path: endpoint.path }
    : { ip: addressOf("listener", endpoint.host), port: endpoint.port };
}
