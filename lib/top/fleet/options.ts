/**
 * Options of the `sluice fleet` commands.
 *
 * @module
 */

import { duration, flag, operand } from "../../cli/declare_options.ts";
import type { OptionValues } from "../../cli/option.ts";
import { ASK_OPTIONS } from "../../serve/options/common.ts";
import { quote } from "../../wire/quote.ts";
import { type AdminAddress, parseAdminAddress } from "../address.ts";
import { TOP_OPTIONS } from "../options.ts";

/** Options of `sluice fleet status`. */
export const STATUS_OPTIONS = {
  "admin": TOP_OPTIONS["admin"],
  "admin-token-file": TOP_OPTIONS["admin-token-file"],
  "ca": TOP_OPTIONS["ca"],
  "answer-timeout": TOP_OPTIONS["answer-timeout"],
  "watch": flag("print it again and again, until Ctrl-C"),
  "interval": duration({
    default: "2s",
    least: "1s",
    most: "1m",
    requires: "watch",
    help: "time between two pictures",
  }),
  "json": flag("print JSON, for programs; with --watch one line each time"),
  ...ASK_OPTIONS,
};

/** Values of the options of `sluice fleet status`. */
export type StatusOptions = OptionValues<typeof STATUS_OPTIONS>;

/** The node to drain. */
interface DrainedNode {
  /** Name or id of the node. */
  node: string;
  /** The admin listener to ask. */
  admin: AdminAddress;
}

/** Options of `sluice fleet drain`. */
export const DRAIN_OPTIONS = {
  "node": operand("text", {
    value: "NODE [ADMIN]",
    help:
      "name or id of a node as `sluice fleet status` shows it, and the admin listener of any node (127.0.0.1:9090 if you give none)",
  }, ([node, ...admin]): DrainedNode => {
    if (node === undefined) {
      throw new SyntaxError(
        "the name of the node is missing; sluice fleet status lists them",
      );
    }
    if (admin.length > 1) {
      throw new SyntaxError(`${quote(admin[1]!)} is one argument too many`);
    }
    return { node, admin: parseAdminAddress(admin) };
  }),
  "admin-token-file": TOP_OPTIONS["admin-token-file"],
  "ca": TOP_OPTIONS["ca"],
  "answer-timeout": TOP_OPTIONS["answer-timeout"],
  "wait": flag("wait until the node has ended"),
  "timeout": duration({
    default: "5m",
    requires: "wait",
    help: "time limit for the wait; 0 disables it",
  }),
  ...ASK_OPTIONS,
};

/** Values of the options of `sluice fleet drain`. */
export type FleetDrainOptions = OptionValues<typeof DRAIN_OPTIONS>;
