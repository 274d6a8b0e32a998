/**
 * Options for parent proxies.
 *
 * @module
 */

import { GROUP } from "../../cli/option_groups.ts";
import { isGranted } from "../../net/system/is_granted.ts";
import { DIRECT } from "../target/parents.ts";
import {
  BALANCE_METHODS,
  type BalanceMethod,
} from "../../policy/limits/balancer.ts";
import { type Parent, parseParent } from "../../wire/parent_url.ts";
import { readVariable } from "../../cli/environment.ts";
import { choice, option } from "../../cli/declare_options.ts";
import type { Option, Requirement } from "../../cli/option.ts";

/** Parents under a name; several of one name stand in for one another. */
export interface NamedChain {
  /** By which rules choose it. */
  name: string;
  /** The parents, the nearest first. */
  parents: Parent[];
}

/** Parents in one chain, at most. */
const MOST_PARENTS = 8;

/** Options of parents that everything goes through. */
export const VIA_OPTIONS = {
  "via": option("url", {
    value: "URL,…",
    many: true,
    setting: "parents.via",
    group: GROUP.upstream,
    help:
      "go through another proxy, or through several in a row: socks5, socks5h, socks4, socks4a, http or https://[NAME:PASSWORD@]HOST[:PORT]; repeatable: if one fails, Sluice takes the next. env:NAME reads it from the environment, which keeps the password secret",
  }, parseChain),
  "via-balance": balance([{ anyOf: ["via"] }]),
};

/** Options of parents that rules choose. */
export const PARENT_OPTIONS = {
  ...VIA_OPTIONS,
  "via-balance": balance([{ anyOf: ["via", "parent"] }]),
  "parent": option("url", {
    value: "NAME=URL,…",
    many: true,
    setting: "parents.named",
    group: GROUP.upstream,
    help:
      "parents for rules with 'via NAME'; repeatable, also with the same name: if one fails, Sluice takes the next",
  }, parseNamed),
};

function parseChain(text: string): Parent[] {
  const urls = fromEnvironment(text).split(",");
  if (urls.length > MOST_PARENTS) {
    throw new SyntaxError(
      `a chain has ${urls.length} parents; at most ${MOST_PARENTS} are allowed`,
    );
  }
  const parents = urls.map(parseParent);
  const isTwice = parents.filter(({ scheme }) => scheme === "https").length > 1;
  if (isTwice) throw new SyntaxError("a chain can have only one https parent");
  return parents;
}

/** A password on the command line can be seen by others on this machine. */
function fromEnvironment(text: string): string {
  const [, variable] = /^env:([A-Za-z_]\w*)$/.exec(text) ?? [];
  if (variable === undefined) return text;
  if (!isGranted({ name: "env", variable })) { // Asking would stop the start.
    throw new SyntaxError(
      `${text} can't be read: Deno was not given --allow-env=${variable}`,
    );
  }
  const value = readVariable(variable);
  if (value === undefined) throw new SyntaxError(`${text} is not set`);
  return value;
}

function parseNamed(text: string): NamedChain {
  const [, name, urls] = /^([\w.-]{1,64})=(.+)$/s.exec(text) ?? [];
  if (name === undefined) throw new SyntaxError("a parent is not NAME=URL");
  if (name === DIRECT) {
    throw new SyntaxError(
      `'${DIRECT}' is reserved: in rules it means no parent; choose another name`,
    );
  }
  return { name, parents: parseChain(urls!) };
}

function balance(
  requires: readonly Requirement[],
): Option<BalanceMethod, "parents.method"> {
  return choice(BALANCE_METHODS, {
    default: "first",
    group: GROUP.upstream,
    requires,
    setting: "parents.method",
    help: "which of several chains Sluice takes next",
  });
}
