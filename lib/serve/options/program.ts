/**
 * Options of the whole program, not of a single listener.
 *
 * @module
 */

import { ADMIN_OPTIONS } from "./admin.ts";
import { COMMON_OPTIONS } from "./common.ts";
import type { OptionValues } from "../../cli/option.ts";
import { FLEET_OPTIONS } from "./fleet.ts";
import { WORKER_OPTIONS } from "./workers.ts";

/** Options of the program; in a file they are beside the listeners. */
export const PROGRAM_OPTIONS = {
  "log": COMMON_OPTIONS["log"],
  "log-time": COMMON_OPTIONS["log-time"],
  "quiet": COMMON_OPTIONS["quiet"],
  "drain-timeout": COMMON_OPTIONS["drain-timeout"],
  "drain-delay": COMMON_OPTIONS["drain-delay"],
  ...ADMIN_OPTIONS,
  ...WORKER_OPTIONS,
  ...FLEET_OPTIONS,
};

/** Values of the options of the program. */
export type ProgramOptions = OptionValues<typeof PROGRAM_OPTIONS>;
