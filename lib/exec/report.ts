/**
 * Formats what a command reached: as a table, JSON or Markdown.
 *
 * @module
 */

import { countOf } from "../observe/count_of.ts";
import { formatHostPort } from "../wire/host_port.ts";
import { alignColumns } from "../cli/columns.ts";
import { quoteShellWord } from "../cli/quote_shell_word.ts";
import { NAME_MISMATCH } from "../serve/refusal_reason.ts";
import { parseIpAddress } from "../wire/ip_address.ts";
import type { ReachedRow } from "./reached.ts";

/** The data of a report. */
export interface Report {
  /** The program that ran, without its arguments: they may hold secrets. */
  readonly command: string;
  /** Its exit code. */
  readonly exitCode: number;
  /** When it was started, in milliseconds since 1970. */
  readonly startedAt: number;
  /** How long it ran, in milliseconds. */
  readonly duration: number;
  /** Whether it ran in a fence. */
  readonly isIsolated: boolean;
  /** What it reached and what it was denied. */
  readonly reached: readonly ReachedRow[];
  /** Connections beyond the most rows. */
  readonly others: number;
}

/** Ways to write a report. */
export type ReportFormat = "json" | "markdown";

/** Most options in the hint at the end. */
const MOST_HINTS = 5;

const HEADINGS = [
  "HOST",
  "PORT",
  "PROTOCOL",
  "CONNECTIONS",
  "SENT",
  "RECEIVED",
  "VERDICT",
  "RULE",
] as const;

/** Columns of numbers. */
const RIGHT = new Set([1, 3, 4, 5]);

/**
 * Chooses the format by a file's ending.
 *
 * @throws {SyntaxError} If it ends neither in `.json` nor in `.md`.
 */
export function reportFormat(path: string): ReportFormat {
  if (/\.json$/i.test(path)) return "json";
  if (/\.(?:md|markdown)$/i.test(path)) return "markdown";
  throw new SyntaxError(
    `'${path}' must end in .json or .md, which sets the format`,
  );
}

/**
 * Formats a report for a file.
 *
 * @param report The data of a report.
 */
export function formatReport(report: Report, format: ReportFormat): string {
  return format === "json"
    ? `${JSON.stringify(report, undefined, 2)}\n`
    : `${markdown(report).join("\n")}\n`;
}

/**
 * Formats a report as a table for a terminal.
 *
 * @param report The data of a report.
 */
export function formatTable(report: Report): string[] {
  const { others, reached } = report;
  if (reached.length === 0) return ["sluice: the command reached nothing"];
  return [
    ...alignColumns([HEADINGS, ...reached.map(cellsOf)], RIGHT),
    ...more(others),
    ...hint(reached),
  ];
}

function markdown({ exitCode, command, others, reached }: Report): string[] {
  const denied = countDenied(reached);
  return [
    "### What the command reached",
    "",
    `${code(command)} exited with ${exitCode}; ${
      denied === 0
        ? "nothing was denied."
        : `**${countOf(denied, "connection")} denied.**`
    }`,
    "",
    ...reached.length === 0 ? ["It reached nothing."] : [
      `| ${HEADINGS.map(capital).join(" | ")} |`,
      `|${
        HEADINGS.map((_, at) => RIGHT.has(at) ? " ---: " : " --- ").join("|")
      }|`,
      ...reached.map((row) =>
        `| ${
          cellsOf(row).map((cell, at) =>
            at === 0 || at === 7 ? code(cell) : cell
          )
            .join(" | ")
        } |`
      ),
    ],
    ...more(others),
  ];
}

/**
 * Counts denied connections.
 *
 * @returns The number of connections.
 */
export function countDenied(rows: readonly ReachedRow[]): number {
  return rows.filter(({ verdict }) => verdict === "denied")
    .reduce((sum, { connections }) => sum + connections, 0);
}

function cellsOf(row: ReachedRow): string[] {
  const { connections, failed, host, port, protocol } = row;
  const { received, rule, sent, shown, verdict } = row;
  const of = failed === 0 ? "" : ` (${failed} failed)`;
  return [
    host,
    String(port),
    protocol,
    `${connections}${of}`,
    String(sent),
    String(received),
    verdict,
    shown === undefined ? rule : `${rule}: ${shown}`,
  ];
}

function more(others: number): string[] {
  return others === 0 ? [] : [`and ${countOf(others, "connection")} more`];
}

/** The options that would allow what was denied. */
function hint(rows: readonly ReachedRow[]): string[] {
  const options = rows.map(optionFor).filter((one) => one !== undefined);
  const shown = [...new Set(options)].slice(0, MOST_HINTS);
  return shown.length === 0
    ? []
    : [`sluice: to allow what was denied, give ${shown.join(" ")}`];
}

/** No option allows a mismatched name or overrides a rule of the user. */
function optionFor(
  { host, port, rule, shown, verdict }: ReachedRow,
): string | undefined {
  if (verdict !== "denied") return undefined;
  if (rule === "default") {
    return `--allow ${quoteShellWord(formatHostPort(host, port))}`;
  }
  if (rule !== NAME_MISMATCH || shown !== undefined) return undefined;
  const place = parseIpAddress(host) === undefined ? "name" : "to";
  const text = `allow ${place} ${host} port ${port} any-protocol`;
  return `--rule ${quoteShellWord(text)}`;
}

/** Escapes text so that it stays inside the code and the table cell. */
function code(text: string): string {
  return `\`${text.replaceAll("`", "'").replaceAll("|", "\\|")}\``;
}

function capital(text: string): string {
  return text[0]! + text.slice(1).toLowerCase();
}
