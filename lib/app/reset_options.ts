/**
 * What can be said of resets.
 *
 * @module
 */

import { RESET_RELAYS, type ResetRelay } from "../net/reset_relay.ts";
import { single } from "./option.ts";

/** Options of commands that join a client and a target. */
export const RESET_OPTIONS = {
  "reset-relay": single(
    RESET_RELAYS.join("|"),
    "on",
    parseResetRelay,
    "pass a reset (RST) of one side on to the other, behind the bytes before it; all: also reset both sides where Sluice cuts a tunnel by itself (a time limit, a kill, a drain, a quota); off: end the other side in the ordinary way. Linux only, and with Deno's --allow-ffi",
  ),
};

function parseResetRelay(text: string): ResetRelay {
  const found = RESET_RELAYS.find((one) => one === text);
  if (found !== undefined) return found;
  throw new SyntaxError(`'${text}' is none of ${RESET_RELAYS.join(", ")}`);
}
