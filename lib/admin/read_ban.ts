/**
 * Parses an operator's ban: the client and the duration.
 *
 * @module
 */

import { parseDuration } from "../cli/duration.ts";
import { parseIpAddress } from "../wire/ip_address.ts";
import type { ParametersOf } from "./endpoints.ts";
import { AdminError } from "./error.ts";

/** Milliseconds of the shortest and the longest ban. */
const TIME = { least: 1_000, most: 365 * 86_400_000 } as const;

/** A ban requested by an operator. */
export interface AskedBan {
  /** Address of the client. */
  client: string;
  /** Milliseconds. */
  time: number;
}

/**
 * Parses the parameters of a ban.
 *
 * @throws {AdminError} `bad_request` if the address is invalid, or the time is
 *   not from a second to a year.
 */
export function readBan(
  { client, for: length }: ParametersOf<"POST /api/bans">,
): AskedBan {
  if (parseIpAddress(client) === undefined) {
    const shown = JSON.stringify(client.slice(0, 60));
    throw new AdminError(
      "bad_request",
      `Cannot ban ${shown}: write client as an address without a port`,
    );
  }
  const time = readTime(length);
  if (time >= TIME.least && time <= TIME.most) return { client, time };
  throw new AdminError("bad_request", "A ban lasts from 1s to 365d");
}

function readTime(text: string): number {
  try {
    return parseDuration(text.slice(0, 40));
  } catch (error) {
    throw new AdminError("bad_request", `for: ${(error as Error).message}`);
  }
}
