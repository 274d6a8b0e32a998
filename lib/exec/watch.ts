/**
 * Collects what a command does while it runs.
 *
 * @module
 */

import { printErrors } from "../cli/print_lines.ts";
import { countOf } from "../observe/count_of.ts";
import { isOwnAddress } from "../net/own_addresses.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { RuleLearner } from "../policy/rules/learn_rules.ts";
import { reachedFacts } from "../policy/rules/reached_fact.ts";
import { Reached } from "./reached.ts";
import type { Report } from "./report.ts";

/** Everything reached so far. */
export class Watch {
  readonly #reached = new Reached();
  readonly #learner = new RuleLearner({ isOwn: isOwnAddress });
  readonly #startedAt = Date.now();
  readonly #began = performance.now();

  /** Counts a connection that has ended; prints a warning on standard error. */
  take(event: LogEvent): void {
    if (event.event === "connection") {
      this.#reached.take(event);
      // Rules apply to a port of --forward (tcp) as well.
      const { protocol, ...rest } = event;
      const reached = protocol === "tcp" ? rest : event;
      for (const fact of reachedFacts(reached)) this.#learner.take(fact);
    } else if (event.event === "message" && event.level !== "info") {
      printErrors([`sluice: ${event.message}`]);
    }
  }

  /**
   * Creates the report.
   *
   * @param command The command and its arguments.
   * @param isIsolated Whether it ran in a fence.
   */
  report(
    command: readonly string[],
    exitCode: number,
    isIsolated: boolean,
  ): Report {
    return {
      command: command[0]!,
      exitCode,
      startedAt: this.#startedAt,
      duration: Math.round(performance.now() - this.#began),
      isIsolated,
      reached: this.#reached.list(),
      others: this.#reached.others,
    };
  }

  /** The file with the learnt rules, and how to use them. */
  learnt(): string {
    const date = new Date(this.#startedAt).toISOString().slice(0, 10);
    const { left } = this.#learner;
    return [
      `# What one run of a command reached on ${date}. Read it, then enforce it:`,
      "# sluice exec --rules FILE -- COMMAND",
      ...left === 0
        ? []
        : [`# ${countOf(left, "connection")} could not be written as rules.`],
      ...this.#learner.lines(),
      "",
    ].join("\n");
  }
}
