/**
 * Describes rules in plain words.
 *
 * @module
 */

import type { Rule } from "./parse_rule.ts";
import type { Clause } from "./clauses.ts";
import type { Item } from "./line.ts";

/**
 * Describes a rule.
 *
 * @returns A sentence.
 */
export function describeRule(rule: Rule): string {
  const { action, clauses, isAnyProtocol, isReport, message, via } = rule;
  const find = (word: string) => clauses.filter((one) => one.word === word);
  const ways: Readonly<Record<string, string>> = { direct: "without a parent" };
  const parts = [
    verbOf(action, isReport),
    describeUsers(find("user")),
    ...find("client").map(describeClients),
    action === "allow" ? "reach" : "from reaching",
    describeTarget(find("name"), find("to")),
    ...find("port").map((clause) => `on ${but(clause)}port ${listOf(clause)}`),
    ...find("command").map(describeCommands),
    ...find("listener").map(describeListeners),
    ...describeTime(clauses),
    ...via === undefined ? [] : [ways[via] ?? `by parent ${via}`],
    ...isAnyProtocol ? ["in any protocol"] : [],
    ...message === undefined ? [] : [`and says "${message}"`],
  ];
  return `${parts.join(" ")}.`;
}

function verbOf(action: Rule["action"], isReport: boolean): string {
  if (action === "allow") return "Lets";
  return isReport ? "Reports instead of keeping" : "Keeps";
}

const SIGNS: Readonly<Record<string, string>> = {
  "*": "everyone with a name",
  "-": "clients without a name",
};

function describeUsers(clauses: readonly Clause[]): string {
  if (clauses.length === 0) return "everyone";
  const all = clauses.find(({ isNegated }) => !isNegated);
  const except = clauses.find(({ isNegated }) => isNegated);
  const name = ({ isQuoted, text }: Item) =>
    isQuoted ? text : SIGNS[text] ?? text;
  const who = all === undefined ? "everyone" : join(all.values.map(name));
  return except === undefined
    ? who
    : `${who} but ${join(except.values.map(name))}`;
}

function describeClients({ isNegated, values }: Clause): string {
  const places = join(
    values.map(({ text }) => text === "unix" ? "a Unix socket" : text),
  );
  return isNegated ? `anywhere but at ${places}` : `at ${places}`;
}

const COMMANDS: Readonly<Record<string, string>> = {
  connect: "CONNECT",
  bind: "BIND",
  udp: "UDP",
  http: "HTTP requests without CONNECT",
};

function describeCommands({ isNegated, values }: Clause): string {
  const kinds = join(values.map(({ text }) => COMMANDS[text] ?? text));
  return isNegated ? `by anything but ${kinds}` : `by ${kinds}`;
}

function describeListeners(clause: Clause): string {
  const which = clause.isNegated ? "any listener but " : "listener ";
  return `through ${which}${listOf(clause)}`;
}

function describeTarget(
  names: readonly Clause[],
  addresses: readonly Clause[],
): string {
  const parts = [
    ...names.map(({ isNegated, values }) => {
      const list = join(values.map(describeName));
      return isNegated ? `anything but ${list}` : list;
    }),
    ...addresses.map((clause) =>
      `${clause.isNegated ? "any address but" : "address"} ${listOf(clause)}`
    ),
  ];
  return parts.length === 0 ? "anything" : parts.join(" at ");
}

function describeName({ text }: Item): string {
  if (text.startsWith("/")) return `names that match ${text}`;
  if (text === "*") return "any name";
  if (text.startsWith("*.")) return `names below ${text.slice(2)}`;
  if (text.startsWith(".")) return `${text.slice(1)} and names below it`;
  return text;
}

function describeTime(clauses: readonly Clause[]): string[] {
  const zone = clauses.find(({ word }) => word === "zone")?.values[0].text;
  const parts = clauses.filter(({ word }) => word === "day" || word === "time")
    .map((clause) => {
      const at = clause.word === "day" ? "on" : "at";
      return `${clause.isNegated ? "except " : ""}${at} ${listOf(clause)}`;
    });
  if (parts.length === 0) return [];
  return [...parts, zone === undefined ? "(this machine's time)" : `(${zone})`];
}

function but({ isNegated }: Clause): string {
  return isNegated ? "any but " : "";
}

function listOf({ values }: Clause): string {
  return join(values.map(({ text }) => text));
}

/** `a`, `a or b`, `a, b or c` */
function join(texts: readonly string[]): string {
  if (texts.length < 2) return texts.join();
  return `${texts.slice(0, -1).join(", ")} or ${texts.at(-1)}`;
}
