/**
 * Options of resets.
 *
 * @module
 */

import { GROUP } from "../../cli/option_groups.ts";
import { RESET_RELAYS } from "../../net/reset_relay.ts";
import { choice } from "../../cli/declare_options.ts";

/** Options of commands that join a client and a target. */
export const RESET_OPTIONS = {
  "reset-relay": choice(RESET_RELAYS, {
    default: "on",
    group: GROUP.limits,
    setting: "resetRelay",
    help:
      "on: when one side resets the connection (RST), reset the other after the last byte; all: also reset both sides when Sluice cuts a tunnel (time limit, kill, drain, quota); off: close the other side normally. Linux only; from source it needs --allow-ffi",
  }),
};
