/**
 * Names that no resolver is asked for (RFC 6761).
 *
 * @module
 */

import { parseIpAddress } from "../../wire/ip_address.ts";
import type { NameAnswer } from "./answer.ts";

/** Whoever listens on one of the two is found, as dialling tries both. */
const LOOPBACK: NameAnswer = {
  addresses: [parseIpAddress("127.0.0.1")!, parseIpAddress("::1")!],
  exists: true,
  life: 0,
};

const NONE: NameAnswer = { addresses: [], exists: false, life: 0 };

/**
 * Answers for a name that has a meaning of its own: `localhost` and names under
 * it are this machine, whatever a name server says (§6.3); `invalid` and names
 * under it do not exist, and asking would tell a stranger about it (§6.4).
 *
 * @param name Name in small letters.
 * @returns The answer, or `undefined` for any other name.
 */
export function specialAnswer(name: string): NameAnswer | undefined {
  const [, last] = /(?:^|\.)(localhost|invalid)\.?$/.exec(name) ?? [];
  if (last === undefined) return undefined;
  return last === "localhost" ? LOOPBACK : NONE;
}
