/**
 * Lua scripts that Redis runs atomically.
 *
 * @module
 */

import { createHash } from "node:crypto";

/**
 * The start of every script: `now` is Redis's clock in milliseconds since 1970.
 * The clocks of machines differ; only this one counts.
 */
const CLOCK = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** A script. */
export interface FleetScript {
  /** Its text without the clock, for tests that bring their own. */
  readonly body: string;
  /** The whole text. */
  readonly text: string;
  /** SHA-1 of the text, by which Redis knows it. */
  readonly sha: string;
}

/**
 * Makes a script.
 *
 * @param body Lua, in which `now` is Redis's clock in milliseconds since 1970.
 */
export function fleetScript(body: string): FleetScript {
  const text = CLOCK + body;
  return { body, text, sha: createHash("sha1").update(text).digest("hex") };
}
