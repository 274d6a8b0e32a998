/**
 * Options of `sluice top`.
 *
 * @module
 */

import {
  choice,
  duration,
  flag,
  operand,
  option,
  path,
} from "../cli/declare_options.ts";
import type { OptionValues } from "../cli/option.ts";
import { ASK_OPTIONS } from "../serve/options/common.ts";
import {
  type AdminAddress,
  parseAdminAddress,
  USUAL_ADDRESS,
} from "./address.ts";
import { filterFault } from "./filter_fault.ts";
import { SORT_NAMES } from "./sorts.ts";

/** Options of `sluice top`. */
export const TOP_OPTIONS = {
  "admin": operand("address", {
    value: "ADMIN",
    default: USUAL_ADDRESS,
    help:
      "the admin listener of a running Sluice: HOST:PORT, PORT (on 127.0.0.1), unix:PATH, or the URL of a gateway in front of it",
  }, (given): AdminAddress => parseAdminAddress(given)),
  "admin-token-file": path({
    help:
      "file whose first line is the token for the admin API; the variable SLUICE_ADMIN_TOKEN does the same",
  }),
  "ca": path({
    help:
      "CA certificates (PEM) to trust for an https:// URL (default: the well-known ones)",
  }),
  "filter": option("text", {
    value: "WORDS",
    help:
      "show only tunnels that match, such as user:alice; same grammar as the filter of the admin page",
  }, (text): string => {
    const fault = filterFault(text);
    if (fault !== undefined) throw new SyntaxError(fault);
    return text;
  }),
  "sort": choice(SORT_NAMES, {
    value: "COLUMN",
    default: "rate",
    help: `what to sort by: ${
      SORT_NAMES.join(", ")
    }; the largest numbers come first`,
  }),
  "reverse": flag("reverse the order"),
  "interval": duration({
    default: "2s",
    least: "1s",
    most: "1m",
    help: "time between two pictures; rates are averages over it",
  }),
  "answer-timeout": duration({
    default: "10s",
    help: "time limit for each answer of the admin listener; 0 disables it",
  }),
  "once": flag(
    "print one picture after one interval, and exit; needs no terminal",
  ),
  "json": flag("print the picture as JSON, for programs", { requires: "once" }),
  ...ASK_OPTIONS,
};

/** Values of the options of `sluice top`. */
export type TopOptions = OptionValues<typeof TOP_OPTIONS>;
