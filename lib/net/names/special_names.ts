/**
 * Names that are never looked up (RFC 6761).
 *
 * @module
 */

import { parseIpAddress } from "../../wire/ip_address.ts";
import type { NameAnswer } from "./answer.ts";

/** A listener on either of the two is found, because dialling tries both. */
const LOOPBACK: NameAnswer = {
  addresses: [parseIpAddress("127.0.0.1")!, parseIpAddress("::1")!],
  exists: true,
  life: 0,
};

const NONE: NameAnswer = { addresses: [], exists: false, life: 0 };

/**
 * Answers for special names: `localhost` and names below it are this machine,
 * whatever a name server says (§6.3). `invalid` and names below it do not
 * exist, and a lookup would reveal them to a stranger (§6.4).
 *
 * @param name Name in lower case.
 * @returns The answer, or `undefined` for any other name.
 */
export function specialAnswer(name: string): NameAnswer | undefined {
  const [, last] = /(?:^|\.)(localhost|invalid)\.?$/.exec(name) ?? [];
  if (last === undefined) return undefined;
  return last === "localhost" ? LOOPBACK : NONE;
}
