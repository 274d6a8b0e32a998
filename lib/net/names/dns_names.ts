/**
 * Resolves names by configured name servers.
 *
 * @module
 */

import { Context } from "../../sync/context.ts";
import { Semaphore } from "../../sync/semaphore.ts";
import { type AddressType, RECORD_TYPE } from "../../wire/dns_message.ts";
import { formatHostPort } from "../../wire/host_port.ts";
import { askNameServer, type NameServer } from "./dns_client.ts";
import { addressesOf } from "./dns_records.ts";
import { explainError } from "../../observe/explain_error.ts";
import { combineFamilies } from "./family_answers.ts";
import type { Family } from "./family_preference.ts";
import type { NameAnswer, NameSource } from "./answer.ts";
import { unresolved } from "./unresolved.ts";

/** Most simultaneous lookups; each has two sockets. */
const LOOKUPS_AT_ONCE = 64;

/**
 * Most lookups that have one family and still wait for the other. If a name
 * server never answers for one family, they would take all places; beyond this
 * number a lookup ends with the family it has.
 */
const LATE_AT_ONCE = 64;

/** How often each server is asked while no other answers. */
const ROUNDS = 2;

/** Settings of {@linkcode DnsNames}. */
export interface DnsNamesOptions {
  /** The only family to ask for (default: both). */
  family?: Family | undefined;
  /** The family whose answer suffices to begin (default 6). */
  preferred?: Family | undefined;
  /** Milliseconds that a server has to answer (default 2,000). */
  patience?: number;
}

/** Resolves names by name servers, without /etc/hosts. */
export class DnsNames implements NameSource {
  readonly #servers: readonly NameServer[];
  readonly #types: readonly AddressType[];
  readonly #preferred: AddressType;
  readonly #patience: number;
  readonly #lookups = new Semaphore(LOOKUPS_AT_ONCE);
  readonly #late = new Semaphore(LATE_AT_ONCE);
  /** Index of the server that answered last: the others may be down. */
  #best = 0;

  /**
   * Stores the servers, and asks nothing yet.
   *
   * @param servers One or more. If one fails or does not answer, the next one
   *   is asked, and stays first until it fails itself.
   * @param options Settings.
   */
  constructor(servers: readonly NameServer[], options: DnsNamesOptions = {}) {
    const { family, patience = 2_000, preferred } = options;
    this.#servers = servers;
    this.#patience = patience;
    this.#types = [
      ...(family === 4 ? [] : [RECORD_TYPE.AAAA]),
      ...(family === 6 ? [] : [RECORD_TYPE.A]),
    ];
    this.#preferred = preferred === 4 ? RECORD_TYPE.A : RECORD_TYPE.AAAA;
  }

  /**
   * Looks up a name. It asks for both families at the same time; one is enough
   * if the other is late.
   *
   * @param name Name in lower case.
   * @param context Stops the lookup when cancelled, late answers included.
   * @returns The answer, with IPv6 first (RFC 6724 §2.1).
   * @throws {DialError} `resolver failed` if no server answers.
   * @throws The reason of the cancellation.
   */
  async lookup(name: string, context: Context): Promise<NameAnswer> {
    await this.#lookups.acquire(context);
    const asking = new Context(context);
    const end = () => asking.cancel(new Error("Lookup has ended"));
    try {
      const pending = this.#types.map((type) => ({
        isPreferred: type === this.#preferred,
        answer: this.#ask(name, type, asking),
      }));
      const answer = await combineFamilies(pending);
      this.#outlive(answer, end);
      return answer;
    } catch (error) {
      end();
      context.throwIfCancelled();
      const why = (error as Error).message;
      throw unresolved("resolver failed", name, why, { cause: error });
    } finally {
      this.#lookups.release();
    }
  }

  /** Keeps waiting for a late answer, if there is room for that. */
  #outlive({ late }: NameAnswer, end: () => void): void {
    if (late === undefined || !this.#late.tryAcquire()) {
      end();
      return;
    }
    void late.then(() => {
      end();
      this.#late.release();
    });
  }

  /**
   * Asks one server after the other; a server that answers with an error is not
   * asked again.
   */
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
  const state = isLate ? "no answer in time" : explainError(error);
  return new Error(`name server ${formatHostPort(ip, port)}: ${state}`, {
    cause: error,
  });
}
