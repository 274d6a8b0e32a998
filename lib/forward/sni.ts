/**
 * Chooses upstreams by the TLS server name of the client, without decrypting
 * anything (RFC 6066 §3).
 *
 * @module
 */

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
