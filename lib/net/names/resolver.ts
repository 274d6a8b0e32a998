/**
 * Resolves the names of all outgoing connections.
 *
 * @module
 */

import { Context } from "../../sync/context.ts";
import { waitAtMost } from "../../sync/wait_at_most.ts";
import { waitFor } from "../../sync/wait_for.ts";
import { type Host, whyImpossible } from "../../wire/host_name.ts";
import { formatIpAddress, type IpAddress } from "../../wire/ip_address.ts";
import { cut } from "../../wire/quote.ts";
import { DialError } from "../dial_error.ts";
import {
  type Family,
  familyOf,
  type FamilyPreference,
  onlyFamily,
  preferFamily,
} from "./family_preference.ts";
import { RESOLUTION_DELAY } from "./family_answers.ts";
import type { NameAnswer, NameSource } from "./answer.ts";
import { NameCache } from "./cache.ts";
import { specialAnswer } from "./special_names.ts";
import { SystemNames } from "./system_names.ts";
import { unresolved } from "./unresolved.ts";

/** Default number of cached names. */
export const NAMES_KEPT = 4_096;

/** Most names being looked up or waiting for that. */
const MOST_PENDING = 4_096;

/** Most addresses kept of each family of a name. */
const MOST_ADDRESSES = 16;

/** Addresses of a host. */
export interface FoundAddresses {
  /** One or more, in the order to try them. */
  readonly addresses: IpAddress[];
  /**
   * Addresses of the other family, if its answer is still pending; they are
   * tried too (RFC 8305 §4). Never rejects.
   */
  readonly late: Promise<IpAddress[]> | undefined;
}

/** Settings of a {@linkcode Resolver}. */
export interface ResolverOptions {
  /** Source of answers (default: the system). */
  source?: NameSource;
  /** Cached names (default {@linkcode NAMES_KEPT}); 0 disables the cache. */
  cacheSize?: number;
  /** Family to use first, or alone (default `system`). */
  preference?: FamilyPreference;
  /** Milliseconds for one lookup over all servers (default 10,000). */
  timeout?: number;
  /** Clock in milliseconds (default `performance.now`). */
  now?: () => number;
}

/**
 * Resolves names, each once for all concurrent requests, and caches the
 * answers. Failures are not cached: the next request asks again.
 */
export class Resolver implements Disposable {
  /** Family to use first, or alone. */
  readonly preference: FamilyPreference;

  readonly #source: NameSource;
  readonly #timeout: number;
  readonly #cache: NameCache;
  readonly #pending = new Map<string, Promise<NameAnswer>>();
  readonly #root = new Context();
  readonly #only: Family | undefined;

  /**
   * Creates a resolver with an empty cache.
   *
   * @param options Settings.
   */
  constructor(options: ResolverOptions = {}) {
    const { cacheSize = NAMES_KEPT, preference = "system" } = options;
    const { now = () => performance.now(), timeout = 10_000 } = options;
    this.preference = preference;
    this.#source = options.source ?? new SystemNames();
    this.#timeout = timeout;
    this.#cache = new NameCache(cacheSize, now);
    this.#only = onlyFamily(preference);
  }

  /**
   * Returns the addresses of a host, in the order to try them. The caller must
   * dial these and not ask again: a second answer may differ.
   *
   * @param host A name, or an address, which is returned as it is.
   * @param context Ends this wait when cancelled; other waits go on.
   * @returns One or more addresses, and those still pending.
   * @throws {DialError} `name not found`; `resolver failed` if no server
   *   answers; `network unreachable` for an address of an unused family.
   * @throws The reason of the cancellation.
   */
  async find(host: Host, context: Context): Promise<FoundAddresses> {
    if (typeof host !== "string") {
      return { addresses: [this.#requireUsed(host)], late: undefined };
    }
    context.throwIfCancelled();
    requirePossible(host);
    const name = host.toLowerCase();
    const answer = specialAnswer(name) ?? this.#cache.get(name) ??
      await waitFor(this.#pending.get(name) ?? this.#start(name), context);
    const addresses = preferFamily(answer.addresses, this.preference);
    if (addresses.length === 0) {
      throw unresolved("name not found", host, this.#describeNone(answer));
    }
    const late = answer.late?.then((whole = answer) =>
      preferFamily(bounded(whole).addresses, this.preference)
        .filter((ip) => !addresses.includes(ip))
    );
    return { addresses, late };
  }

  /**
   * Returns the addresses of a host to a caller that cannot add more later: one
   * family waits a short time for the other.
   *
   * @param host A name, or an address, which is returned as it is.
   * @param context Ends this wait when cancelled; other waits go on.
   * @param needed The family that the caller needs, if any; the wait for it
   *   lasts as long as the lookup.
   * @returns One or more addresses, in the order to try them.
   * @throws What {@linkcode Resolver.find} throws.
   */
  async resolve(
    host: Host,
    context: Context,
    needed?: Family,
  ): Promise<IpAddress[]> {
    const { addresses, late } = await this.find(host, context);
    if (late === undefined) return addresses;
    const isMissing = needed !== undefined &&
      !addresses.some((ip) => familyOf(ip) === needed);
    const more =
      await (isMissing
        ? waitFor(late, context)
        : waitAtMost(RESOLUTION_DELAY, late, () => []));
    return preferFamily([...addresses, ...more], this.preference);
  }

  /**
   * Tells whether the family of an address is used.
   *
   * @returns Whether it is.
   */
  uses(ip: IpAddress): boolean {
    return this.#only === undefined || familyOf(ip) === this.#only;
  }

  /** Ends pending lookups. */
  [Symbol.dispose](): void {
    this.#root.cancel(new Error("Resolver is closed"));
  }

  #requireUsed(ip: IpAddress): IpAddress {
    if (this.uses(ip)) return ip;
    throw new DialError(
      "network unreachable",
      `Cannot reach ${formatIpAddress(ip)}: IPv${familyOf(ip)} is not used`,
    );
  }

  #describeNone({ exists }: NameAnswer): string {
    if (!exists) return "name does not exist";
    const only = this.#only;
    return `name has no ${only === undefined ? "" : `IPv${only} `}address`;
  }

  #start(name: string): Promise<NameAnswer> {
    if (this.#pending.size === MOST_PENDING) {
      const why = `${MOST_PENDING} other names are being looked up`;
      throw unresolved("resolver failed", name, why);
    }
    const pending = this.#lookUp(name);
    this.#pending.set(name, pending);
    return pending;
  }

  /**
   * A lookup outlives the requests for it, so a cancelled one harms no other.
   * Until the second family arrives, all requests get the first; only the
   * complete answer is cached.
   */
  async #lookUp(name: string): Promise<NameAnswer> {
    const context = new Context(this.#root);
    context.cancelAfter(this.#timeout, "Lookup time");
    const end = () => {
      context.release();
      this.#pending.delete(name);
    };
    try {
      const answer = bounded(await this.#source.lookup(name, context));
      const keep = (whole = answer) => {
        end();
        this.#cache.set(name, bounded(whole));
      };
      if (answer.late === undefined) keep();
      else void answer.late.then(keep);
      return answer;
    } catch (error) {
      end();
      if (!context.cancelled || error instanceof DialError) throw error;
      const why = (context.reason as Error).message;
      throw unresolved("resolver failed", name, why, { cause: error });
    }
  }
}

/**
 * Refuses a name that cannot exist before asking for it: a name server or
 * parent could only say the same.
 *
 * @param name Name as sent.
 * @throws {DialError} `name not found`, saying why.
 */
export function requirePossible(name: string): void {
  const fault = whyImpossible(name);
  if (fault === undefined) return;
  const why = `such a name cannot exist: ${fault}`;
  throw unresolved("name not found", cut(name), why);
}

/**
 * Keeps a few addresses of each family: a name may have as many as fit a
 * message.
 */
function bounded(answer: NameAnswer): NameAnswer {
  const { addresses } = answer;
  if (addresses.length <= MOST_ADDRESSES) return answer;
  const left = { 4: MOST_ADDRESSES, 6: MOST_ADDRESSES };
  const some = addresses.filter((ip) => left[familyOf(ip)]-- > 0);
  return { ...answer, addresses: some };
}
