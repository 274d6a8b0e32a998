/**
 * Draws what goes wrong.
 *
 * @module
 */

import type { ClosedAnswer, FailuresAnswer } from "../../admin/api.ts";
import { hostOf } from "../../admin/filter.ts";
import {
  formatClock,
  formatCount,
  formatShare,
  NOTHING,
} from "../../admin/client/format.ts";
import { targetOf } from "../../admin/client/row_values.ts";
import { drawLine } from "./line.ts";
import { fillCell } from "../fill_cell.ts";
import type { Frame } from "../frame.ts";

/** Width of counts and of results, in columns. */
const WIDTH = { count: 9, result: 9 } as const;

/**
 * Draws the visible part.
 *
 * @param height Lines of the whole panel.
 */
export function drawErrors(frame: Frame, height: number): string[] {
  const { errors: { first }, range } = frame.view;
  return [
    drawLine(frame, `What goes wrong: last ${range}`),
    ...errorLines(frame).slice(first, first + height - 1),
  ];
}

/** Draws all lines below the title, including those scrolled out of view. */
export function errorLines(frame: Frame): string[] {
  const { failures: { answer, fault }, last } = frame.picture;
  if (answer === undefined) {
    return [drawLine(frame, fault === "" ? "  Asking…" : `  ${fault}`)];
  }
  const { reasons, rules, targets } = answer;
  const section = (heading: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : [
      "",
      drawLine(frame, heading, "bold"),
      ...lines.map((line) => drawLine(frame, `  ${line}`)),
    ];
  return [
    ...describeSums(answer).map((line) => drawLine(frame, `  ${line}`)),
    ...section(
      "Why",
      reasons.map(({ code, count, error, result, text }) =>
        `${counted(count, error)}${
          fillCell(result, WIDTH.result)
        }${text} (${code})`
      ),
    ),
    ...section(
      "Refused by rule",
      rules.map(({ count, error, rule }) => counted(count, error) + rule),
    ),
    ...section(
      "Targets not reached",
      targets.map(({ count, error, target }) => counted(count, error) + target),
    ),
    ...section("Most recent", describeLast(last.answer)),
  ];
}

function describeSums(
  { dial, ended, resolve, results, share }: FailuresAnswer,
) {
  const each = Object.entries(results)
    .map(([result, count]) => `${formatCount(count)} ${result}`);
  return [
    `${formatCount(ended)} ended: ${each.join(", ")}`,
    `Refused or failed: ${ended === 0 ? NOTHING : formatShare(share)}`,
    `Time to connect: ${describeTimes(dial)}`,
    `Time to resolve: ${describeTimes(resolve)}`,
  ];
}

/** The newest first. */
function describeLast(answer: ClosedAnswer | undefined): string[] {
  return (answer?.closed ?? []).toReversed().map((tunnel) => {
    const { client, endedAt, reason, result, user } = tunnel;
    const who = user ?? hostOf(client);
    const what = `${formatClock(endedAt)}  ${fillCell(result, WIDTH.result)}`;
    return `${what}${who} > ${targetOf(tunnel)}: ${reason}`;
  });
}

function describeTimes({ count, p50, p95 }: FailuresAnswer["dial"]): string {
  if (p50 === null || p95 === null) return NOTHING;
  const half = `half within ${inMilliseconds(p50)}`;
  return `${half}, 95 % within ${inMilliseconds(p95)} (${formatCount(count)})`;
}

function inMilliseconds(time: number): string {
  return `${time < 9.95 ? time.toFixed(1) : formatCount(time)} ms`;
}

/** Marks a count that may be too large. */
function counted(count: number, error: number): string {
  const text = `${error === 0 ? "" : "<="}${formatCount(count)}`;
  return `${fillCell(text, WIDTH.count, "right")}  `;
}
