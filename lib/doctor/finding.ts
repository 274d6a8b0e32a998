/**
 * What the doctor finds, and how it is told.
 *
 * @module
 */

import { countOf } from "../observe/count_of.ts";

/** How much a finding matters, from nothing to what would bite. */
export const LEVELS = ["ok", "note", "warning", "problem"] as const;

/** How much a finding matters. */
export type Level = typeof LEVELS[number];

/** Something that was looked at. */
export interface Finding {
  /** How much it matters. */
  level: Level;
  /** What was looked at, in one word: the same in every run. */
  check: string;
  /** What was found. */
  message: string;
  /** What to do about it, where there is something to do. */
  remedy?: string;
}

/**
 * Tells the worst level among findings.
 *
 * @param findings What was found.
 * @returns The level; `ok` where nothing was.
 */
export function worstLevel(findings: readonly Finding[]): Level {
  const worst = Math.max(
    0,
    ...findings.map(({ level }) => LEVELS.indexOf(level)),
  );
  return LEVELS[worst]!;
}

/**
 * Formats findings for a person.
 *
 * @param findings What was found.
 * @returns A line each, its remedy below it, and a line that sums up.
 */
export function formatFindings(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ level, check, message, remedy }) => {
    const head = `${level.padEnd(7)}  ${check.padEnd(width)}  `;
    const below = `${" ".repeat(head.length)}> ${remedy}`;
    return [head + message, ...remedy === undefined ? [] : [below]];
  });
  return [...lines, summary(findings)].join("\n");
}

function summary(findings: readonly Finding[]): string {
  const counts = [...LEVELS].reverse().flatMap((level) => {
    const count = findings.filter((finding) => finding.level === level).length;
    if (count === 0 || level === "ok") return [];
    return [countOf(count, level)];
  });
  return counts.length === 0 ? "Nothing to remark" : counts.join(", ");
}
