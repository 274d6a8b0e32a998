/**
 * `sluice exec`: a command that can reach only what the rules allow.
 *
 * @module
 */

import type { Command } from "../cli/command.ts";
import { EXEC_OPTIONS } from "./options.ts";
import { runExec } from "./run.ts";

/** The command as the command line sees it. */
export const EXEC_COMMAND: Command<typeof EXEC_OPTIONS> = {
  usage: "exec [OPTIONS] -- COMMAND…",
  summary:
    "Runs a command that can reach only what the rules allow, through Sluice's proxy, and says at the end what it reached. Nothing is allowed unless it is named, and the names in TLS and HTTP must fit. On Linux the command has namespaces of its own, so that no program in it can go around the proxy.",
  examples: [
    ["sluice exec --allow-preset npm -- npm ci", "packages, and nothing else"],
    [
      "sluice exec --allow api.example.com --allow *.cdn.example:443 -- ./agent",
      "two hosts",
    ],
    [
      "sluice exec --learn rules.txt -- make test; sluice exec --rules rules.txt -- make test",
      "see what it needs, then hold it to that",
    ],
    [
      "sluice exec --allow db.example:5432 --forward 5432=db.example:5432 -- psql -h 127.0.0.1",
      "a program that knows no proxy",
    ],
  ],
  options: EXEC_OPTIONS,
  hint: () => Promise.resolve("see --help; write the command after --"),
  run: runExec,
};
