/**
 * Names to addresses: what everything that leaves asks first.
 *
 * @module
 */

import { Context } from "../../sync/context.ts";
import { setDeadline } from "../../sync/deadline.ts";
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

/** Names kept unless told otherwise. */
export const NAMES_KEPT = 4_096;

/** Names that are looked up at once, or wait for that. */
const MOST_PENDING = 4_096;

/** Addresses of each family that are kept of a name. */
const MOST_ADDRESSES = 16;

/** Addresses of a host. */
export interface FoundAddresses {
  /** One at least, in the order to try them. */
  readonly addresses: IpAddress[];
  /**
   * Those of the other family, where the name server has not answered for it
   * yet: they join what is tried (RFC 8305 §4). It never rejects.
   */
  readonly late: Promise<IpAddress[]> | undefined;
}

/** Settings of a {@linkcode Resolver}. */
export interface ResolverOptions {
  /** Whom to ask (default: the system). */
  source?: NameSource;
  /** Names kept (default {@linkcode NAMES_KEPT}); 0 keeps none. */
  cacheSize?: number;
  /** Which family comes first, or alone (default `system`). */
  preference?: FamilyPreference;
  /** Milliseconds for one lookup, over everyone asked (default 10,000). */
  timeout?: number;
  /** Tells the time in milliseconds (default `performance.now`). */
  now?: () => number;
}

/**
 * Resolves names, each once for all who ask for it at the same time, and keeps
 * the answers. A failure to find out is not kept: the next one asks again.
 */
export class Resolver implements Disposable {
  /** Which family comes first, or alone. */
  readonly preference: FamilyPreference;

  readonly #source: NameSource;
  readonly #timeout: number;
  readonly #cache: NameCache;
  readonly #pending = new Map<string, Promise<NameAnswer>>();
  readonly #root = new Context();
  readonly #only: Family | undefined;

  /**
   * Creates a resolver that knows nothing yet.
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
   * Tells the addresses of a host, in the order to try them. Whoever dials has
   * to dial these and not ask again: the second answer may be another one.
   *
   * @param host Name, or an address, which is nothing to ask about.
   * @param context Ends the wait when cancelled; that of others goes on.
   * @returns One address at least, and those that are still asked for.
   * @throws {DialError} `name not found`; `resolver failed` where nobody knows;
   *   `network unreachable` for an address of a family that is not used.
   * @throws The reason of the cancellation.
   */
  async find(host: Host, context: Context): Promise<FoundAddresses> {
    if (typeof host !== "string") return onTime([this.#requireUsed(host)]);
    context.throwIfCancelled();
    requirePossible(host);
    const name = host.toLowerCase();
    const answer = specialAnswer(name) ?? this.#cache.get(name) ??
      await waitFor(this.#pending.get(name) ?? this.#start(name), context);
    const addresses = preferFamily(answer.addresses, this.preference);
    if (addresses.length === 0) {
      throw new DialError(
        "name not found",
        `Cannot resolve ${host}: ${this.#describeNone(answer)}`,
      );
    }
    const late = answer.late?.then((whole = answer) =>
      preferFamily(bounded(whole).addresses, this.preference)
        .filter((ip) => !addresses.includes(ip))
    );
    return { addresses, late };
  }

  /**
   * Tells the addresses of a host to whoever can't add to them later: those of
   * one family wait a short time for the others.
   *
   * @param host Name, or an address, which is nothing to ask about.
   * @param context Ends the wait when cancelled; that of others goes on.
   * @param needed The family without which the answer is of no use, where there
   *   is one: it is waited for as long as the name server is asked.
   * @returns One address at least, in the order to try them.
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
    const more = await (isMissing ? waitFor(late, context) : beforeDelay(late));
    return preferFamily([...addresses, ...more], this.preference);
  }

  /**
   * Tells whether an address may be used at all.
   *
   * @returns Whether its family is not left out.
   */
  uses(ip: IpAddress): boolean {
    return this.#only === undefined || familyOf(ip) === this.#only;
  }

  /** Ends the lookups that are under way. */
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
      throw new DialError(
        "resolver failed",
        `Cannot resolve ${name}: ${MOST_PENDING} other names are looked up`,
      );
    }
    const pending = this.#lookUp(name);
    this.#pending.set(name, pending);
    return pending;
  }

  /**
   * Goes on without those who have asked: a cancelled one harms no other. Half
   * an answer is given to all who ask until the other half is there, and only
   * the whole is kept.
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
      throw new DialError("resolver failed", `Cannot resolve ${name}: ${why}`, {
        cause: error,
      });
    }
  }
}

/**
 * Refuses a name that cannot exist, before anyone is asked for it: neither a
 * name server nor a parent could say anything else.
 *
 * @param name Name as sent.
 * @throws {DialError} `name not found`, saying why.
 */
export function requirePossible(name: string): void {
  const why = whyImpossible(name);
  if (why === undefined) return;
  throw new DialError(
    "name not found",
    `Cannot resolve ${cut(name)}: such a name cannot exist: ${why}`,
  );
}

function onTime(addresses: IpAddress[]): FoundAddresses {
  return { addresses, late: undefined };
}

function beforeDelay(late: Promise<IpAddress[]>): Promise<IpAddress[]> {
  const { promise, resolve } = Promise.withResolvers<IpAddress[]>();
  const delay = setDeadline(RESOLUTION_DELAY, () => resolve([]));
  void late.then((addresses) => {
    delay.clear();
    resolve(addresses);
  });
  return promise;
}

/** Keeps some of each family: a name may have as many as fit a message. */
function bounded(answer: NameAnswer): NameAnswer {
  const { addresses } = answer;
  if (addresses.length <= MOST_ADDRESSES) return answer;
  const left = { 4: MOST_ADDRESSES, 6: MOST_ADDRESSES };
  const some = addresses.filter((ip) => left[familyOf(ip)]-- > 0);
  return { ...answer, addresses: some };
}
