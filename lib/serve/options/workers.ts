/**
 * How many threads a server runs in.
 *
 * @module
 */

import { GROUP } from "../../cli/option_groups.ts";
import { option } from "../../cli/declare_options.ts";
import type { Option } from "../../cli/option.ts";

/** Threads at most. */
const MOST_WORKERS = 64;

/** The option of a program. */
export const WORKER_OPTIONS = {
  "workers": workersOption(
    "threads that share the connections; auto starts one per processor",
    parseWorkers,
  ),
};

/** The option of a hub, of which there can be one. */
export const SINGLE_WORKER_OPTIONS = {
  "workers": workersOption(
    "always 1: all members of a room are in one thread",
    (text) => {
      if (text === "1") return 1;
      throw new SyntaxError(
        `'${text}' is not 1: a hub runs in one thread`,
      );
    },
  ),
};

function workersOption(
  help: string,
  parse: (text: string) => number,
): Option<number, never> {
  return option(
    "count",
    {
      value: "N|auto",
      default: "1",
      isNumeric: true,
      group: GROUP.listen,
      help,
    },
    parse,
  );
}

function parseWorkers(text: string): number {
  if (text === "auto") {
    return Math.min(navigator.hardwareConcurrency, MOST_WORKERS);
  }
  const count = Number(text);
  if (/^\d{1,2}$/.test(text) && count >= 1 && count <= MOST_WORKERS) {
    return count;
  }
  throw new SyntaxError(
    `'${text}' is neither auto nor a whole number from 1 to ${MOST_WORKERS}`,
  );
}
