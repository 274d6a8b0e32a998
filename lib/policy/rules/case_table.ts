/**
 * A table of questions to rules with the expected verdicts.
 *
 * ```text
 * expect  user   target           port  command
 * allow   alice  www.example.com  443
 * deny    -      10.0.0.1         22    connect,bind
 * ```
 *
 * @module
 */

import { parseConfiguredHost } from "../../wire/host_name.ts";
import { type IpAddress, requireIpAddress } from "../../wire/ip_address.ts";
import { parseHostPort } from "../../wire/host_port.ts";
import { quote } from "../../wire/quote.ts";
import { parseClient, parseListener, parseTime } from "./parse_question.ts";
import { parseEach } from "./conditions.ts";
import type { Action } from "./extras.ts";
import { parseCommand, type Question, type RuleCommand } from "./question.ts";
import { type Item, LineError, type List, splitLine } from "./line.ts";
import { type RuleProblem, RulesError } from "./error.ts";

/** One question. Values that the table lacks are `undefined`. */
export interface RuleCase {
  /** Its place, for example `cases.txt:3`. */
  readonly place: string;
  /** The expected verdict. */
  readonly expect: Action;
  /** Name or address of the target, as a host. */
  readonly target: string;
  /** Port of the target, 1 to 65535. */
  readonly port: number;
  /** The user; `nobody` is a client without a name. */
  readonly user?: string | { readonly nobody: true };
  /** The client's address; `unix` for a client of a Unix socket. */
  readonly client?: IpAddress | "unix";
  /** The listener. */
  readonly listener?: Question["listener"];
  /** The command. */
  readonly command?: RuleCommand;
  /** The time, in milliseconds since 1970. */
  readonly time?: number;
  /** The address of the target's name. */
  readonly address?: IpAddress;
}

/** Most questions in one table. */
const MOST_CASES = 100_000;

/** Marks an empty cell. */
const NONE = "-";

/** A question under construction. */
type Draft = { -readonly [Key in keyof RuleCase]?: RuleCase[Key] };

/** The columns, and how each adds its value to a question. */
const COLUMNS: Readonly<Record<string, (text: string, item: Item) => Draft>> = {
  expect: (text) => ({ expect: parseAction(text) }),
  user: (text, { isQuoted }) => ({
    user: text === NONE && !isQuoted ? { nobody: true } : text,
  }),
  client: (text) => ({ client: parseClient(text) ?? "unix" }),
  target: parseTarget,
  port: (text) => ({ port: parsePort(text) }),
  command: (text) => ({ command: parseCommand(text) }),
  time: (text) => ({ time: parseTime(text) }),
  listener: (text) => ({ listener: parseListener(text) }),
  address: (text) => ({ address: requireIpAddress(text) }),
};

/**
 * Parses a table. Its first line names the columns. Each other line is a
 * question; a list of values makes one question for each value.
 *
 * @param text The table.
 * @param file Its path, for messages.
 * @returns The questions in their order.
 * @throws {RulesError} With the first mistake of each line that has one.
 */
export function parseCases(text: string, file: string): RuleCase[] {
  const cases: RuleCase[] = [];
  const problems: RuleProblem[] = [];
  let columns: readonly string[] | undefined;
  const lines = text.replace(/^\ufeff/, "").split("\n");
  for (const [index, line] of lines.entries()) {
    const place = `${file}:${index + 1}`;
    try {
      const cells = splitLine(line);
      if (cells.length === 0) continue;
      if (columns === undefined) columns = parseHeader(cells);
      else cases.push(...parseRow(cells, columns, place));
      if (cases.length > MOST_CASES) {
        throw new LineError(1, `expected at most ${MOST_CASES} questions`);
      }
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      problems.push({
        place: `${place}:${error.column}`,
        message: error.message,
      });
      // Other lines are meaningless without columns.
      if (columns === undefined) break;
    }
  }
  if (problems.length === 0 && cases.length === 0) {
    problems.push({
      place: `${file}:1:1`,
      message:
        "expected a table: a line of columns such as 'expect target port', then a line for each question",
    });
  }
  if (problems.length > 0) throw new RulesError(problems);
  return cases;
}

function parseHeader(cells: readonly List[]): string[] {
  const known = Object.keys(COLUMNS);
  const names = cells.map(([{ text, column }, second]) => {
    if (second === undefined && known.includes(text)) return text;
    throw new LineError(
      column,
      `${quote(text)} is not a column: expected ${known.join(", ")}`,
    );
  });
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new LineError(1, `column ${quote(twice)} is given twice`);
  }
  for (const needed of ["expect", "target"]) {
    if (names.includes(needed)) continue;
    throw new LineError(1, `expected a column ${quote(needed)}`);
  }
  return names;
}

function parseRow(
  cells: readonly List[],
  columns: readonly string[],
  place: string,
): RuleCase[] {
  const extra = cells[columns.length];
  if (extra !== undefined) {
    throw new LineError(extra[0].column, "expected no more columns");
  }
  let drafts: Draft[] = [{ place }];
  for (const [index, cell] of cells.entries()) {
    const name = columns[index]!;
    // An empty cell takes the default; in the column `user` it means nobody.
    const said = cell.filter(({ text, isQuoted }) =>
      text !== NONE || isQuoted || name === "user"
    );
    const values = parseEach(said, COLUMNS[name]!);
    if (values.length === 0) continue;
    if (drafts.length * values.length > MOST_CASES) {
      throw new LineError(1, `expected at most ${MOST_CASES} questions`);
    }
    drafts = drafts.flatMap((draft) =>
      values.map((value) => ({ ...draft, ...value }))
    );
  }
  const { expect, port, target } = drafts[0]!;
  if (expect === undefined || target === undefined) {
    throw new LineError(1, "expected a verdict and a target");
  }
  if (port === undefined) {
    throw new LineError(1, "expected a port: in its column, or HOST:PORT");
  }
  return drafts as RuleCase[];
}

function parseAction(text: string): Action {
  if (text === "allow" || text === "deny") return text;
  throw new SyntaxError(`expected allow or deny, not ${quote(text)}`);
}

/** An IPv6 address without brackets has no port. */
function parseTarget(text: string): Draft {
  if (/:.*:/.test(text) && !text.startsWith("[")) {
    requireIpAddress(text);
    return { target: text };
  }
  const hasPort = /:\d*$/.test(text);
  const { host, port } = hasPort
    ? parseHostPort(text, "")
    : { host: text.replace(/^\[(.*)\]$/, "$1"), port: undefined };
  parseConfiguredHost(host);
  return {
    target: host,
    ...port !== undefined && { port: parsePort(`${port}`) },
  };
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new SyntaxError(`${quote(text)} is not a port from 1 to 65535`);
}
