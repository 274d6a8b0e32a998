/**
 * Who may use the proxy.
 *
 * @module
 */

import type { timingSafeEqual as TimingSafeEqual } from "node:crypto";

/** A user as configured. */
export interface User {
  /** Name, 1 to 255 bytes of UTF-8. */
  name: string;
  /** Password, 1 to 255 bytes of UTF-8. */
  password: string;
}

interface Crypto {
  digest: (password: string | Uint8Array) => Uint8Array;
  timingSafeEqual: typeof TimingSafeEqual;
}

/**
 * A list of users that keeps no password, only a keyed digest of each: what
 * reads this memory later cannot tell the passwords, and all comparisons are of
 * one length.
 */
export class Users {
  readonly #crypto: Crypto;
  readonly #digests: ReadonlyMap<string, Uint8Array>;
  readonly #nobody: Uint8Array;

  private constructor(crypto: Crypto, users: readonly User[]) {
    this.#crypto = crypto;
    this.#digests = new Map(
      users.map(({ name, password }) => [name, crypto.digest(password)]),
    );
    this.#nobody = crypto.digest(globalThis.crypto.randomUUID());
  }

  /**
   * Creates a list. The cryptography is loaded here, so that a proxy without
   * users starts without it.
   *
   * @param users The users; of two with one name the later counts.
   * @returns The list.
   */
  static async create(users: readonly User[]): Promise<Users> {
    const { createHmac, randomBytes, timingSafeEqual } = await import(
      "node:crypto"
    );
    const key = randomBytes(32);
    return new Users({
      digest: (password) => createHmac("sha256", key).update(password).digest(),
      timingSafeEqual,
    }, users);
  }

  /** How many users there are. */
  get size(): number {
    return this.#digests.size;
  }

  /**
   * Checks credentials, with the same work for a name that is not listed.
   *
   * @param name User name as sent.
   * @param password Password as sent.
   * @returns Whether the user exists and the password is right.
   */
  // deno-lint-ignore require-await
  async verify(name: string, password: Uint8Array): Promise<boolean> {
    const expected = this.#digests.get(name);
    const given = this.#crypto.digest(password);
    const equal = this.#crypto.timingSafeEqual(given, expected ?? this.#nobody);
    return equal && expected !== undefined;
  }
}
