/**
 * Reads addresses from the records of an answer.
 *
 * @module
 */

import {
  type DnsRecord,
  type DnsResponse,
  RESPONSE_CODE,
} from "../../wire/dns_message.ts";
import type { IpAddress } from "../../wire/ip_address.ts";
import type { NameAnswer } from "./answer.ts";

/** Most aliases on the way to an address. */
const MOST_ALIASES = 16;

/** Longest time to live in milliseconds, whatever the server says. */
const MOST_LIFE = { addresses: 3_600_000, none: 60_000 } as const;

/**
 * Time to live of a negative answer in milliseconds, if the server names none.
 */
const SILENT_LIFE = 2_000;

/** Codes of a server that cannot or will not answer (RFC 1035 §4.1.1). */
const WORDS: ReadonlyMap<number, string> = new Map([
  [1, "it does not understand the question (FORMERR)"],
  [2, "it can't find out (SERVFAIL)"],
  [4, "it has no answers of that kind (NOTIMP)"],
  [5, "it refuses to answer (REFUSED)"],
]);

/**
 * Reads the addresses out of an answer, following the aliases in it.
 *
 * @param response Answer to a question for addresses.
 * @returns The answer about the name.
 * @throws {Error} If the server reports a failure; the message names it.
 */
export function addressesOf(response: DnsResponse): NameAnswer {
  const { code, records } = response;
  if (code !== RESPONSE_CODE.NoError && code !== RESPONSE_CODE.NameError) {
    throw new Error(
      WORDS.get(code) ?? `it answers with an error (RCODE ${code})`,
    );
  }
  const { addresses, life } = follow(records, response.name);
  if (addresses.length > 0) {
    return { addresses, exists: true, life: atMost(life, MOST_LIFE.addresses) };
  }
  if (code === RESPONSE_CODE.NoError && !response.isCompetent) {
    throw new Error("it answers only for its own names");
  }
  const { negativeLife } = response;
  const none = negativeLife === undefined
    ? SILENT_LIFE
    : atMost(negativeLife, MOST_LIFE.none);
  const exists = code === RESPONSE_CODE.NoError;
  return { addresses: [], exists, life: none };
}

/**
 * Follows the aliases (RFC 1034 §3.6.2). Records of other owners do not belong
 * to this question, and may be an attack.
 */
function follow(
  records: readonly DnsRecord[],
  name: string,
): { addresses: IpAddress[]; life: number } {
  let owner = name;
  let life = Infinity;
  for (let n = 0; n <= MOST_ALIASES; n++) {
    const own = records.filter((record) => record.owner === owner);
    const addresses = own.flatMap(({ value }) =>
      typeof value === "string" ? [] : [value]
    );
    const alias = own.find(({ value }) => typeof value === "string");
    life = Math.min(life, ...own.map((record) => record.life));
    if (addresses.length > 0) return { addresses, life };
    if (alias === undefined) break;
    owner = alias.value as string;
  }
  return { addresses: [], life: 0 };
}

function atMost(seconds: number, milliseconds: number): number {
  return Math.min(seconds * 1_000, milliseconds);
}
