/**
 * Names as name servers of one's own resolve them.
 *
 * @module
 */

import { Context } from "../sync/context.ts";
import { type Deadline, setDeadline } from "../sync/deadline.ts";
import { Semaphore } from "../sync/semaphore.ts";
import { type AddressType, RECORD_TYPE } from "../wire/dns_message.ts";
import { formatHostPort } from "../wire/host_port.ts";
import { DialError } from "./dial_error.ts";
import { askNameServer, type NameServer } from "./dns_client.ts";
import { addressesOf } from "./dns_records.ts";
import { errorCode } from "./error_code.ts";
import type { Family } from "./family_preference.ts";
import type { NameAnswer, NameSource } from "./name_answer.ts";

/** Lookups at once; each has two sockets. */
const LOOKUPS_AT_ONCE = 64;

/** How often each server is asked, where the others don't answer either. */
const ROUNDS = 2;

/**
 * Milliseconds that one family's addresses wait for the other's, as RFC 8305 §3
 * recommends: a name server that does not answer for one costs no more.
 */
const RESOLUTION_DELAY = 50;

/** How long half an answer holds, in milliseconds. */
const PARTIAL_LIFE = 1_000;

/** Settings of {@linkcode DnsNames}. */
export interface DnsNamesOptions {
  /** The only family that is asked for (default: both). */
  family?: Family | undefined;
  /** Milliseconds that a server has to answer (default 2,000). */
  patience?: number;
}

/** Names as name servers resolve them, without /etc/hosts. */
export class DnsNames implements NameSource {
  readonly #servers: readonly NameServer[];
  readonly #types: readonly AddressType[];
  readonly #patience: number;
  readonly #lookups = new Semaphore(LOOKUPS_AT_ONCE);
  /** Which server has answered last: the others may be down. */
  #best = 0;

  /**
   * Takes note of the servers; asks nothing yet.
   *
   * @param servers One at least. The next one is asked where one fails or does
   *   not answer, and stays the first to be asked until it fails itself.
   * @param options Settings.
   */
  constructor(servers: readonly NameServer[], options: DnsNamesOptions = {}) {
    const { family, patience = 2_000 } = options;
    this.#servers = servers;
    this.#patience = patience;
    this.#types = [
      ...(family === 4 ? [] : [RECORD_TYPE.AAAA]),
      ...(family === 6 ? [] : [RECORD_TYPE.A]),
    ];
  }

  /**
   * Finds out about a name.
   *
   * @param name Name in small letters.
   * @param context Gives up when cancelled.
   * @returns The answer, with IPv6 first (RFC 6724 §2.1).
   * @throws {DialError} `resolver failed` where no server knows.
   * @throws The reason of the cancellation.
   */
  async lookup(name: string, context: Context): Promise<NameAnswer> {
    await this.#lookups.acquire(context);
    using asking = new Context(context);
    try {
      const pending = this.#types.map((type) => this.#ask(name, type, asking));
      return await combine(pending);
    } catch (error) {
      context.throwIfCancelled();
      const why = (error as Error).message;
      throw new DialError("resolver failed", `Cannot resolve ${name}: ${why}`, {
        cause: error,
      });
    } finally {
      asking.cancel(new Error("Lookup has ended"));
      this.#lookups.release();
    }
  }

  /** Asks one server after the other; what fails by an answer is not repeated. */
  async #ask(
    name: string,
    type: AddressType,
    context: Context,
  ): Promise<NameAnswer> {
    const count = this.#servers.length;
    const order = this.#servers.keys()
      .map((n) => (n + this.#best) % count).toArray();
    const failed = new Set<number>();
    let why = new Error("there is no name server");
    for (let n = 0; n < count * ROUNDS; n++) {
      const index = order[n % count]!;
      const server = this.#servers[index]!;
      if (failed.has(index)) continue;
      using attempt = new Context(context);
      attempt.cancelAfter(this.#patience);
      try {
        const response = await askNameServer(server, { name, type }, attempt);
        const answer = addressesOf(response);
        this.#best = index;
        return answer;
      } catch (error) {
        context.throwIfCancelled();
        why = explain(server, error, attempt.cancelled);
        if (!attempt.cancelled) failed.add(index);
      }
    }
    throw why;
  }
}

function explain(
  { ip, port }: NameServer,
  error: unknown,
  isLate: boolean,
): Error {
  const state = isLate
    ? "no answer in time"
    : errorCode(error) ?? (error as Error).message;
  return new Error(`name server ${formatHostPort(ip, port)}: ${state}`, {
    cause: error,
  });
}

/**
 * Waits for the answers of both families, for the second one only briefly once
 * the first has brought addresses.
 */
async function combine(pending: Promise<NameAnswer>[]): Promise<NameAnswer> {
  const answers: (NameAnswer | undefined)[] = pending.map(() => undefined);
  const failures: unknown[] = [];
  const { promise: enough, resolve } = Promise.withResolvers<void>();
  let delay: Deadline | undefined;
  let left = pending.length;
  for (const [index, one] of pending.entries()) {
    one.then((answer) => {
      answers[index] = answer;
      if (answer.addresses.length === 0) return;
      delay ??= setDeadline(RESOLUTION_DELAY, resolve);
    }, (error) => failures.push(error)).then(() => {
      if (--left === 0) resolve();
    });
  }
  await enough;
  delay?.clear();
  const given = answers.filter((answer) => answer !== undefined);
  const isHalf = given.length < pending.length;
  const answer = join(given);
  if (!isHalf) return answer;
  // A name that does not exist does so for neither family (RFC 8020).
  if (answer.exists && answer.addresses.length === 0) throw failures[0];
  return { ...answer, life: Math.min(answer.life, PARTIAL_LIFE) };
}

function join(answers: readonly NameAnswer[]): NameAnswer {
  const addresses = answers.flatMap(({ addresses }) => addresses);
  return {
    addresses,
    // Some servers deny the name where only this type is missing (RFC 4074 §4.2).
    exists: addresses.length > 0 || answers.every(({ exists }) => exists),
    life: Math.min(...answers.map(({ life }) => life)),
  };
}
