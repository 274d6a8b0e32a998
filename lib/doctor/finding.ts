/**
 * Findings of the doctor and their text.
 *
 * @module
 */

import { countOf } from "../observe/count_of.ts";

/** Severities in rising order. */
export const LEVELS = ["ok", "note", "warning", "problem"] as const;

/** Severity of a finding. */
export type Level = typeof LEVELS[number];

/** Result of one examination. */
export interface Finding {
  /** Severity. */
  level: Level;
  /** Name of the check in one word, stable across versions. */
  check: string;
  /** Result in words. */
  message: string;
  /** How to fix it, if something can be done. */
  remedy?: string;
}

/**
 * Determines the worst severity.
 *
 * @returns The severity; `ok` without any findings.
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
 * @returns One line for each finding, followed by its remedy, and a summary.
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
  return counts.length === 0 ? "No problems" : counts.join(", ");
}
