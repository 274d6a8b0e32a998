/**
 * Chooses upstreams by the TLS server name of the client, without decrypting
 * anything (RFC 6066 §3).
 *
 * @module
 */

import type { Protocol } from "../serve/connection.ts";
import { peekHello } from "../serve/tls/peek_hello.ts";
import type { ConnectionServices } from "../serve/connection_services.ts";

/**
 * A table of values by server name.
 *
 * @typeParam T The value.
 */
export class ServerNames<T> {
  readonly #exact = new Map<string, T>();
  /** Suffixes, the longest first, because it is the most specific. */
  readonly #suffixes: [suffix: string, value: T][] = [];

  /**
   * Creates the table.
   *
   * @param entries Names in lower case, `*.example.com` for all below one.
   */
  constructor(entries: Iterable<readonly [name: string, value: T]>) {
    for (const [name, value] of entries) {
      if (name.startsWith("*.")) this.#suffixes.push([name.slice(1), value]);
      else this.#exact.set(name, value);
    }
    this.#suffixes.sort(([a], [b]) => b.length - a.length);
  }

  /**
   * Finds the value of a name.
   *
   * @param name Name in lower case; `undefined` if the client sent none.
   * @returns Its value; `undefined` if it has none.
   */
  find(name: string | undefined): T | undefined {
    if (name === undefined) return undefined;
    return this.#exact.get(name) ??
      this.#suffixes.find(([suffix]) => name.endsWith(suffix))?.[1];
  }
}

/**
 * Reads the server name of a client, and consumes no byte.
 *
 * @typeParam S What the protocol works with.
 * @param protocol The protocol to run next; its session has the name.
 * @returns The protocol for clients that speak TLS with an upstream.
 */
export function peekServerName<S extends ConnectionServices>(
  protocol: Protocol<S>,
): Protocol<S> {
  return async (session) => {
    await peekHello(session);
    return await protocol(session);
  };
}
