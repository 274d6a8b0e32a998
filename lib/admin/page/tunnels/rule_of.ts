/**
 * Writes a rule that denies what a tunnel is.
 *
 * @module
 */

import type { Tunnel } from "../../api.ts";
import { hostOf } from "../../filter.ts";

/** Characters that a quoted value of a rule cannot have. */
const UNSAYABLE = /["\p{Cc}\u2028\u2029]/u;

/** Conditions of a rule that a tunnel can give. */
export type RuleSubject = Pick<Tunnel, "client" | "kind" | "user" | "target">;

/**
 * Writes the rule that denies this user, or this client if there is no user,
 * this target.
 *
 * @returns For example `deny user alice name example.com port 443`; `undefined`
 *   if no rule can say it.
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

/** The address of a client, as rules and bans name it. */
export function addressOf(client: string): string {
  if (client.startsWith("unix")) return "unix";
  // Rules know no zones.
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
