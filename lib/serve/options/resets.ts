/**
 * What can be said of resets.
 *
 * @module
 */

import { RESET_RELAYS } from "../../net/reset_relay.ts";
import { choice } from "../../cli/declare_options.ts";

/** Options of commands that join a client and a target. */
export const RESET_OPTIONS = {
  "reset-relay": choice(RESET_RELAYS, {
    default: "on",
    setting: "resetRelay",
    help:
      "pass a reset (RST) of one side on to the other, behind the bytes before it; all: also reset both sides where Sluice cuts a tunnel by itself (a time limit, a kill, a drain, a quota); off: end the other side in the ordinary way. Linux only, and with Deno's --allow-ffi",
  }),
};
