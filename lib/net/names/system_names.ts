/**
 * Names as the system resolves them, /etc/hosts included.
 *
 * @module
 */

import type { Context } from "../../sync/context.ts";
import { Semaphore } from "../../sync/semaphore.ts";
import { waitFor } from "../../sync/wait_for.ts";
import { parseIpAddress } from "../../wire/ip_address.ts";
import { DialError } from "../dial_error.ts";
import { errorCode } from "../../observe/error_code.ts";
import { explainError } from "../../observe/explain_error.ts";
import type { NameAnswer, NameSource } from "./answer.ts";

/**
 * Lookups at once. Each holds a thread until the name server answers and can't
 * be taken back, so more would let one dead server take all threads.
 */
const LOOKUPS_AT_ONCE = 64;

/**
 * How long an answer holds in milliseconds: the system does not tell what the
 * name server said. Short, so that a change of /etc/hosts is soon seen.
 */
const LIFE = { addresses: 10_000, none: 2_000 } as const;

/** Answers that say the name is known not to exist, or has no address. */
const NOT_FOUND = new Set(["ENOTFOUND", "ENODATA", "EAI_NODATA", "EAI_NONAME"]);

/** The threads are the program's, however many resolvers there are. */
const lookups = new Semaphore(LOOKUPS_AT_ONCE);

/** Names as the system resolves them. */
export class SystemNames implements NameSource {
  /**
   * Finds out about a name.
   *
   * @param name Name in small letters.
   * @param context Ends the wait when cancelled; the lookup itself goes on.
   * @returns The answer.
   * @throws {DialError} `resolver failed` where nobody knows.
   * @throws The reason of the cancellation.
   */
  async lookup(name: string, context: Context): Promise<NameAnswer> {
    await lookups.acquire(context);
    const pending = lookup(name).finally(() => lookups.release());
    return await waitFor(pending, context);
  }
}

async function lookup(name: string): Promise<NameAnswer> {
  // Loaded at the first name: a proxy for addresses alone starts without it.
  const { lookup } = await import("node:dns");
  const { promise, resolve, reject } = Promise.withResolvers<NameAnswer>();
  lookup(name, { all: true, verbatim: true }, (error, results) => {
    const code = errorCode(error);
    if (error !== null && (code === undefined || !NOT_FOUND.has(code))) {
      reject(toDialError(name, error));
      return;
    }
    const addresses = (results ?? []).flatMap(({ address }) =>
      parseIpAddress(address) ?? []
    );
    const exists = addresses.length > 0;
    resolve({ addresses, exists, life: exists ? LIFE.addresses : LIFE.none });
  });
  return await promise;
}

function toDialError(name: string, error: Error): DialError {
  return new DialError(
    "resolver failed",
    `Cannot resolve ${name}: ${explainError(error)}`,
    { cause: error },
  );
}
