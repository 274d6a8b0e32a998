/**
 * Resolves names as the system does, with /etc/hosts.
 *
 * @module
 */

import type { Context } from "../../sync/context.ts";
import { Semaphore } from "../../sync/semaphore.ts";
import { waitFor } from "../../sync/wait_for.ts";
import { parseIpAddress } from "../../wire/ip_address.ts";
import { errorCode } from "../../observe/error_code.ts";
import { explainError } from "../../observe/explain_error.ts";
import type { NameAnswer, NameSource } from "./answer.ts";
import { unresolved } from "./unresolved.ts";

/**
 * Most simultaneous lookups. Each holds a thread until the name server answers
 * and cannot be cancelled, so more would let one dead server take all threads.
 */
const LOOKUPS_AT_ONCE = 64;

/**
 * Time to live in milliseconds, because the system does not return that of the
 * name server. Short, so that a change of /etc/hosts takes effect soon.
 */
const LIFE = { addresses: 10_000, none: 2_000 } as const;

/** Codes for a name that does not exist or has no address. */
const NOT_FOUND = new Set(["ENOTFOUND", "ENODATA", "EAI_NODATA", "EAI_NONAME"]);

/** All resolvers share the threads of the program. */
const lookups = new Semaphore(LOOKUPS_AT_ONCE);

/** Resolves names as the system does. */
export class SystemNames implements NameSource {
  /**
   * Looks up a name.
   *
   * @param name Name in lower case.
   * @param context Ends the wait when cancelled, but not the lookup itself.
   * @throws {DialError} `resolver failed` if no source can answer.
   * @throws The reason of the cancellation.
   */
  async lookup(name: string, context: Context): Promise<NameAnswer> {
    await lookups.acquire(context);
    const pending = lookup(name).finally(() => lookups.release());
    return await waitFor(pending, context);
  }
}

async function lookup(name: string): Promise<NameAnswer> {
  // Imported at the first name: a proxy that only sees addresses starts without
  // it.
  const { lookup } = await import("node:dns");
  const { promise, resolve, reject } = Promise.withResolvers<NameAnswer>();
  lookup(name, { all: true, verbatim: true }, (error, results) => {
    const code = errorCode(error);
    if (error !== null && (code === undefined || !NOT_FOUND.has(code))) {
      const why = explainError(error);
      return reject(unresolved("resolver failed", name, why, { cause: error }));
    }
    const addresses = (results ?? []).flatMap(({ address }) =>
      parseIpAddress(address) ?? []
    );
    const exists = addresses.length > 0;
    resolve({ addresses, exists, life: exists ? LIFE.addresses : LIFE.none });
  });
  return await promise;
}
