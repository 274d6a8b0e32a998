/**
 * `sluice rules test`: prints the rules' answer and the deciding rule.
 *
 * @module
 */

import {
  isPublic,
  parseClient,
  parseListener,
  parseTime,
} from "../../policy/rules/parse_question.ts";
import { type Question, RULE_COMMANDS } from "../../policy/rules/question.ts";
import { DialError } from "../../net/dial_error.ts";
import { isOwnAddress } from "../../net/own_addresses.ts";
import { Context } from "../../sync/context.ts";
import { type Destination, parseConfiguredHost } from "../../wire/host_name.ts";
import { formatHostPort, parseHostPort } from "../../wire/host_port.ts";
import { formatIpAddress, type IpAddress } from "../../wire/ip_address.ts";
import type { Command } from "../../cli/command.ts";
import { NAME_OPTIONS } from "../../serve/options/names.ts";
import { openNames } from "../../serve/target/open_names.ts";
import { ASK_OPTIONS } from "../../serve/options/common.ts";
import { choice, flag, option, path } from "../../cli/declare_options.ts";
import type { OptionValues } from "../../cli/option.ts";
import { RULE_OPTIONS, RULES_MODE_OPTIONS } from "../../serve/options/rules.ts";
import { printLines } from "../../cli/print_lines.ts";
import { FileError, fileFault } from "../../cli/file_error.ts";
import { readText } from "../../cli/read_file.ts";
import { countOf } from "../../observe/count_of.ts";
import { parseCases, type RuleCase } from "../../policy/rules/case_table.ts";
import { RulesError } from "../../policy/rules/error.ts";
import { readRules } from "./list_command.ts";
import { runCases } from "./run_cases.ts";
import { StartError, UsageError } from "../../cli/usage_error.ts";

/** Options of `sluice rules test`. */
export const RULES_TEST_OPTIONS = {
  ...RULE_OPTIONS,
  ...RULES_MODE_OPTIONS,
  "target": option("address", {
    value: "HOST:PORT",
    help: "the target: an address, or a name, which Sluice resolves",
  }, parseTarget),
  "cases": path({
    help:
      "ask all the questions of this table instead, and print those whose answer is not as expected; its first line names the columns: expect, target, port, user, client, command, time, listener, address",
  }),
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
  "allow-private": flag(
    "leave out the address guard, as a proxy with this option does",
  ),
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
  usage: "rules test --target HOST:PORT | --cases FILE [OPTIONS]",
  summary:
    "Prints what the rules answer to a request, and which rule decides. Sluice resolves a name that the rules allow, and says why if it cannot. Exit codes: 0 allowed, whether or not the name resolves; 1 denied, or the rules depend on addresses and the name does not resolve; 2 a wrong option or rule. With a table: 0 all answers are as expected, 1 one is not.",
  examples: [
    [
      "sluice rules test --rules rules.txt --user alice --target example.com:443",
      "may Alice go there?",
    ],
    [
      "sluice rules test --public --target 169.254.169.254:80",
      "the address guard alone, as on a public listener",
    ],
    [
      "sluice rules test --rules rules.txt --cases cases.txt",
      "all questions of a table, as a gate in CI",
    ],
  ],
  options: RULES_TEST_OPTIONS,
  run: runRulesTest,
};

async function runRulesTest(options: Options): Promise<number> {
  const { cases, target } = options;
  if (cases !== undefined) return await testCases(options, cases);
  if (target === undefined) {
    throw new UsageError("it is missing; give --target HOST:PORT", {
      option: "target",
      others: ["cases"],
    });
  }
  const now = options.at ?? Date.now();
  const current = await readRules(options, { now: () => now });
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
      // A denied name is not resolved.
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

async function testCases(options: Options, path: string): Promise<number> {
  if (options.target !== undefined) {
    throw new UsageError(
      "the table of --cases has the targets; give only one of the two",
      {
        option: "target",
        others: ["cases"],
      },
    );
  }
  let time = 0;
  const rules = await readRules(options, { now: () => time });
  const cases = await readCases(path);
  const differences = await runCases(rules, cases, {
    defaults: questionOf(options, { host: "", port: 0, text: "" }),
    isGuarded: !options["allow-private"],
    isAlwaysGuarded: options.public,
    now: options.at ?? Date.now(),
    setTime: (asked) => time = asked,
    lookUp: (name) => lookUp(name, options),
  });
  const total = countOf(cases.length, "question");
  const summary = differences.length === 0
    ? `${total}, all as expected`
    : `${total}, ${differences.length} not as expected`;
  printLines([...differences, summary]);
  return differences.length === 0 ? 0 : 1;
}

async function readCases(path: string): Promise<RuleCase[]> {
  try {
    return parseCases(await readText(path), path);
  } catch (error) {
    if (error instanceof RulesError) {
      throw new UsageError(`Cannot read cases: ${error.message}`);
    }
    if (!(error instanceof FileError)) throw error;
    const { message } = fileFault("read cases", path, error);
    throw new UsageError(message, { cause: error });
  }
}

function say(isAllowed: boolean, lines: readonly string[]): number {
  printLines([...lines, isAllowed ? "allowed" : "denied"]);
  return isAllowed ? 0 : 1;
}

function questionOf(options: Options, { host, port }: Target): Question {
  const { client, command, listener, user } = options;
  const isOpen = options.public || isPublic(listener);
  const name = typeof host === "string" ? host : undefined;
  return {
    client,
    user,
    listener,
    command,
    target: { name, port },
    isGuarded: isOpen && !options["allow-private"],
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

interface Target extends Destination {
  text: string;
}

function parseTarget(text: string): Target {
  const { host, port } = parseHostPort(text, "");
  if (port === 0) {
    throw new SyntaxError(`'${text}' has port 0; give one from 1 to 65535`);
  }
  const parsed = parseConfiguredHost(host);
  return { text: formatHostPort(parsed, port), host: parsed, port };
}
