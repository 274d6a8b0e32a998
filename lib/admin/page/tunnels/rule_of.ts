/**
 * Writes a rule that denies tunnels like a given one.
 *
 * @module
 */

import type { Tunnel } from "../../api.ts";
import { hostOf } from "../../filter.ts";

/** Characters that a quoted value of a rule cannot contain. */
const UNSAYABLE = /["\p{Cc}\u2028\u2029]/u;

/** Conditions of a rule that a tunnel's values can fill. */
export type RuleSubject = Pick<Tunnel, "client" | "kind" | "user" | "target">;

/**
 * Writes the rule that denies this target to this user, or to this client if
 * there is no user.
 *
 * @returns For example `deny user alice name example.com port 443`; `undefined`
 *   if no rule can express it.
 */
export function ruleOf(
  { client, kind, user, target = "" }: RuleSubject,
): string | undefined {
  // A relay's target is its own upstream, and no rule names it.
  const place = kind === "proxy" ? placeOf(target) : "";
  const who = user === undefined
    ? `client ${addressOf(client)}`
    : wordOf("user", user);
  if (place === undefined || who === undefined) return undefined;
  return `deny ${who}${place}`;
}

/** Returns the address of a client, as rules and bans write it. */
export function addressOf(client: string): string {
  if (client.startsWith("unix")) return "unix";
  // Rules have no IPv6 zones.
  return hostOf(client).replace(/%.*$/, "");
}

function placeOf(target: string): string | undefined {
  const [, bracketed, name, port] =
    /^(?:\[([\da-f:.]+)\]|([^\s:]+)):(\d+)$/i.exec(target) ?? [];
  if (port === undefined) return undefined;
  const isAddress = name === undefined || /^\d+(\.\d+){3}$/.test(name);
  const place = isAddress
    ? ` to ${bracketed ?? name}`
    : /^[\w-][\w.-]*$/.test(name)
    ? ` name ${name}`
    : undefined;
  return place === undefined ? undefined : `${place} port ${port}`;
}

function wordOf(key: string, value: string): string | undefined {
  if (value === "" || UNSAYABLE.test(value)) return undefined;
  const isPlain = /^[\w.@+][\w.@+-]*$/.test(value);
  return `${key} ${isPlain ? value : `"${value}"`}`;
}
