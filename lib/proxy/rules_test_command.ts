/**
 * `sluice rules test`: what the rules would say, and which one decides.
 *
 * @module
 */

import { refusedRange } from "../policy/rules/address_guard.ts";
import { type Question, RULE_COMMANDS } from "../policy/rules/question.ts";
import { DialError } from "../net/dial_error.ts";
import { isOwnAddress } from "../net/own_addresses.ts";
import { Context } from "../sync/context.ts";
import { type Host, parseConfiguredHost } from "../wire/host_name.ts";
import { isUnixPath, parseListenEndpoint } from "../wire/endpoint.ts";
import { formatHostPort, parseHostPort } from "../wire/host_port.ts";
import {
  formatIpAddress,
  type IpAddress,
  parseIpAddress,
} from "../wire/ip_address.ts";
import type { Command } from "../cli/command.ts";
import { NAME_OPTIONS } from "../serve/options/names.ts";
import { openNames } from "../serve/target/open_names.ts";
import { openRules } from "../serve/target/open_rules.ts";
import { ASK_OPTIONS } from "../serve/options/common.ts";
import { choice, flag, option } from "../cli/declare_options.ts";
import type { OptionValues } from "../cli/option.ts";
import { RULE_OPTIONS } from "../serve/options/rules.ts";
import { printLines } from "../cli/print_lines.ts";
import { readRules } from "./rules_list_command.ts";
import { StartError, UsageError } from "../cli/usage_error.ts";

/** Options of `sluice rules test`. */
export const RULES_TEST_OPTIONS = {
  ...RULE_OPTIONS,
  "target": option("address", {
    value: "HOST:PORT",
    help: "the target: an address, or a name, which Sluice resolves",
  }, parseTarget),
  "client": option("address", {
    value: "ADDRESS",
    default: "127.0.0.1",
    help: "address of the client, or unix for a client of a Unix socket",
  }, parseClient),
  "user": option("text", {
    value: "NAME",
    help: "name of the user (default: none)",
  }, (text) => text),
  "command": choice(RULE_COMMANDS, {
    default: "connect",
    help:
      "what the client asks for; http is a plain HTTP request, without CONNECT",
  }),
  "listener": option("address", {
    value: "HOST:PORT",
    default: "127.0.0.1:1080",
    help:
      "the listener, also unix:PATH; unless it is a loopback address, the address guard applies",
  }, parseListener),
  "public": flag("apply the address guard to every listener"),
  "allow-private": flag("the proxy has it too: no address guard"),
  "at": option("text", {
    value: "TIME",
    help:
      "time of the request, such as 2026-11-21T12:00 on this machine's clock, or with Z or +01:00 at the end (default now)",
  }, parseTime),
  "dns": NAME_OPTIONS.dns,
  "prefer": NAME_OPTIONS.prefer,
  ...ASK_OPTIONS,
};

type Options = OptionValues<typeof RULES_TEST_OPTIONS>;

/** The command as the command line sees it. */
export const RULES_TEST_COMMAND: Command<typeof RULES_TEST_OPTIONS> = {
  usage: "rules test --target HOST:PORT [OPTIONS]",
  summary:
    "Prints what the rules answer to a request, and which rule decides. Sluice resolves a name that the rules allow, and says why if it cannot. Exit codes: 0 allowed, whether or not the name resolves; 1 denied, or the rules depend on addresses and the name does not resolve; 2 a wrong option or rule.",
  examples: [
    [
      "sluice rules test --rules rules.txt --user alice --target example.com:443",
      "may Alice?",
    ],
    [
      "sluice rules test --public --target 169.254.169.254:80",
      "the address guard alone, as on a public listener",
    ],
  ],
  options: RULES_TEST_OPTIONS,
  run: runRulesTest,
};

async function runRulesTest(options: Options): Promise<number> {
  const { at, target } = options;
  if (target === undefined) {
    throw new UsageError("it is missing; give --target HOST:PORT", {
      option: "target",
    });
  }
  const clock = at === undefined ? {} : { now: () => at };
  const { book } = await readRules(openRules(options, () => {}, clock));
  const { current } = book;
  const question = questionOf(options, target);
  const { host, text } = target;
  if (typeof host !== "string") {
    const { isAllowed, reason } = current.decideAddress(question, host);
    return say(isAllowed, [`${text}: ${reason}`]);
  }
  const early = current.decideName(question);
  if (early !== undefined) {
    return say(early.isAllowed, [
      `${text}: ${early.reason}, whatever its address`,
      // Of what is denied no name server hears.
      ...early.isAllowed ? await whyUnreachable(host, options) : [],
    ]);
  }
  const rows = (await requireFound(host, options)).map((ip) => ({
    ip: formatIpAddress(ip),
    ...current.decideAddress(question, ip),
  }));
  const count = rows.filter(({ isAllowed }) => isAllowed).length;
  return say(count > 0, [
    `${text}: it depends on the address, and ${count} of ${rows.length} may be dialled`,
    ...rows.map(({ ip, reason }) => `  ${ip}: ${reason}`),
  ]);
}

function say(isAllowed: boolean, lines: readonly string[]): number {
  printLines([...lines, isAllowed ? "allowed" : "denied"]);
  return isAllowed ? 0 : 1;
}

function questionOf(options: Options, { host, port }: Target): Question {
  const { client, command, listener, user } = options;
  const isPublic = options.public || !isLocal(listener);
  const name = typeof host === "string" ? host : undefined;
  return {
    client,
    user,
    listener,
    command,
    target: { name, port },
    isGuarded: isPublic && !options["allow-private"],
    isOwn: isOwnAddress,
  };
}

async function whyUnreachable(
  name: string,
  options: Options,
): Promise<string[]> {
  const found = await lookUp(name, options);
  if (!(found instanceof DialError)) return [];
  return [`  The client would be told: ${found.message}`];
}

async function requireFound(
  name: string,
  options: Options,
): Promise<IpAddress[]> {
  const found = await lookUp(name, options);
  if (!(found instanceof DialError)) return found;
  throw new StartError(found.message, { cause: found });
}

async function lookUp(
  name: string,
  { dns: servers, prefer: preference }: Options,
): Promise<IpAddress[] | DialError> {
  using context = new Context();
  using resolver = openNames({ servers, preference });
  try {
    const { addresses, late } = await resolver.find(name, context);
    return [...addresses, ...await late ?? []];
  } catch (error) {
    if (error instanceof DialError) return error;
    throw error;
  }
}

interface Target {
  text: string;
  host: Host;
  port: number;
}

function parseTarget(text: string): Target {
  const { host, port } = parseHostPort(text, "");
  if (port === 0) {
    throw new SyntaxError(`'${text}' has port 0; give one from 1 to 65535`);
  }
  const parsed = parseConfiguredHost(host);
  return { text: formatHostPort(parsed, port), host: parsed, port };
}

function parseListener(text: string): Question["listener"] {
  const place = parseListenEndpoint(text);
  if (isUnixPath(place)) return { path: place.path };
  const { host, port } = place;
  return { ip: parseAddress(host === "" ? "0.0.0.0" : host), port };
}

function parseClient(text: string): IpAddress | undefined {
  return text === "unix" ? undefined : parseAddress(text);
}

function parseAddress(text: string): IpAddress {
  const ip = parseIpAddress(text);
  if (ip === undefined) throw new SyntaxError(`'${text}' is not an IP address`);
  return ip;
}

/** Without a zone it is this machine's time (ECMA-262 §21.4.1.32). */
function parseTime(text: string): number {
  const isWhole = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?$/
    .test(text);
  const time = isWhole ? Date.parse(text) : NaN;
  if (!Number.isNaN(time)) return time;
  throw new SyntaxError(`'${text}' is no time such as 2026-11-21T12:00`);
}

function isLocal(listener: Question["listener"]): boolean {
  if ("path" in listener) return true;
  return refusedRange(listener.ip)?.startsWith("loopback") === true;
}
