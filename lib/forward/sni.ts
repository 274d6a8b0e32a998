/**
 * Upstreams by the server name that a client asks for in TLS, without decrypting
 * anything (RFC 6066 §3).
 *
 * @module
 */

import type { Protocol } from "../serve/connection.ts";
import { peekHello } from "../serve/tls/peek_hello.ts";
import type { ConnectionServices } from "../serve/connection_services.ts";

/**
 * Finds what belongs to a server name.
 *
 * @typeParam T What belongs to names.
 */
export class ServerNames<T> {
  readonly #exact = new Map<string, T>();
  /** What names end with, the longest first: it says most. */
  readonly #suffixes: [suffix: string, value: T][] = [];

  /**
   * Puts names together.
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
   * Finds what belongs to a name.
   *
   * @param name Name in lower case; `undefined` where the client named none.
   * @returns What belongs to it; `undefined` where nothing does.
   */
  find(name: string | undefined): T | undefined {
    if (name === undefined) return undefined;
    return this.#exact.get(name) ??
      this.#suffixes.find(([suffix]) => name.endsWith(suffix))?.[1];
  }
}

/**
 * Reads the name that a client asks for, and leaves every byte where it is.
 *
 * @typeParam S What the protocol works with.
 * @param protocol What is spoken then; the session has the name.
 * @returns The protocol, for clients that speak TLS with an upstream.
 */
export function peekServerName<S extends ConnectionServices>(
  protocol: Protocol<S>,
): Protocol<S> {
  return async (session) => {
    await peekHello(session);
    return await protocol(session);
  };
}
