/**
 * Names to addresses, as the system resolves them (/etc/hosts included).
 *
 * @module
 */

import type { Context } from "../sync/context.ts";
import { Semaphore } from "../sync/semaphore.ts";
import { type IpAddress, parseIpAddress } from "../wire/ip_address.ts";
import { DialError } from "./dial_error.ts";
import { errorCode } from "./error_code.ts";

/**
 * Lookups at once. Each holds a thread until the name server answers and can't
 * be taken back, so more would let one dead server take all threads.
 */
const LOOKUPS_AT_ONCE = 64;

const lookups = new Semaphore(LOOKUPS_AT_ONCE);

/** Answers that say the name is known not to exist, or has no address. */
const NOT_FOUND = new Set(["ENOTFOUND", "ENODATA", "EAI_NODATA", "EAI_NONAME"]);

/**
 * Resolves a name to all of its addresses.
 *
 * @param name Name to resolve.
 * @param context Ends the wait when cancelled.
 * @returns The addresses in the resolver's order, one at least.
 * @throws {DialError} `name not found`, or `resolver failed` where nobody knows.
 * @throws The reason of the cancellation.
 */
export async function resolve(
  name: string,
  context: Context,
): Promise<IpAddress[]> {
  if (isInvalid(name)) throw notFound(name);
  await lookups.acquire(context);
  const pending = lookup(name).finally(() => lookups.release());
  const { promise, reject } = Promise.withResolvers<never>();
  const unregister = context.onCancel(reject);
  try {
    return await Promise.race([pending, promise]);
  } finally {
    unregister();
    pending.catch(() => {}); // May fail later, when nobody waits for it.
  }
}

/** Whoever asks a resolver for these tells a stranger about it (RFC 6761 §6.4). */
function isInvalid(name: string): boolean {
  return /(?:^|\.)invalid\.?$/i.test(name);
}

async function lookup(name: string): Promise<IpAddress[]> {
  // Loaded at the first name: a proxy for addresses alone starts without it.
  const { lookup } = await import("node:dns");
  const { promise, resolve, reject } = Promise.withResolvers<IpAddress[]>();
  lookup(name, { all: true, verbatim: true }, (error, results) => {
    if (error !== null) {
      reject(toDialError(name, error));
      return;
    }
    const addresses = results.flatMap(({ address }) =>
      parseIpAddress(address) ?? []
    );
    if (addresses.length > 0) resolve(addresses);
    else reject(notFound(name));
  });
  return await promise;
}

function toDialError(name: string, error: Error): DialError {
  const code = errorCode(error);
  if (code !== undefined && NOT_FOUND.has(code)) return notFound(name, error);
  return new DialError(
    "resolver failed",
    `Cannot resolve ${name}: ${code ?? error.message}`,
    { cause: error },
  );
}

function notFound(name: string, cause?: Error): DialError {
  return new DialError(
    "name not found",
    `Cannot resolve ${name}: name does not exist`,
    { cause },
  );
}
