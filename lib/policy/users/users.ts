/**
 * The users of a proxy, and the check of their passwords.
 *
 * @module
 */

import type { timingSafeEqual as TimingSafeEqual } from "node:crypto";
import {
  checkPassword,
  type HashCost,
  impossibleHash,
  parsePasswordHash,
  type PasswordHash,
} from "./password_hash.ts";
import { PasswordQueue } from "./password_queue.ts";

/** Milliseconds to remember a correct password. */
const REMEMBER = 300_000;

let processKey: Uint8Array | undefined;

/** A user with a plain password. */
export interface PlainUser {
  /** Name, 1 to 255 bytes of UTF-8. */
  name: string;
  /** Password, 1 to 255 bytes of UTF-8. */
  password: string;
}

/** A user with a hashed password. */
export interface HashedUser {
  /** Name, 1 to 255 bytes of UTF-8. */
  name: string;
  /** Hash for {@linkcode parsePasswordHash}. */
  hash: string;
}

/** A user as configured. */
export type User = PlainUser | HashedUser;

/** Options for {@linkcode Users.create}. */
export interface UsersOptions {
  /**
   * Milliseconds for which a correct password is not hashed again (default 5
   * minutes); 0 hashes it every time.
   */
  remember?: number;
  /** Returns milliseconds that never go back (default `performance.now`). */
  now?: () => number;
  /** Queue of the slow checks. */
  queue?: PasswordQueue;
  /** The slow check of a password (default {@linkcode checkPassword}). */
  check?: typeof checkPassword;
}

/** Options for {@linkcode Users.verify}. */
export interface VerifyOptions {
  /** The client. Simultaneous equal checks of one client are made once. */
  client?: string;
  /** Called before a slow check, and throws to prevent it. */
  beforeCheck?: () => void;
}

interface Crypto {
  digest: (name: string, password: string | Uint8Array) => Uint8Array;
  timingSafeEqual: typeof TimingSafeEqual;
}

/** The data of one user. */
interface Entry {
  /** Proof of the password. If it changes, the remembered digest ends. */
  readonly proof: string;
  /** `undefined` if the digest is known from the start. */
  readonly hash: PasswordHash | undefined;
  /** Digest of name and password, once known. */
  digest: Uint8Array | undefined;
  /** End of the digest's validity. */
  digestUntil: number;
}

/**
 * A list of users that stores no passwords. It keeps their hashes, and a keyed
 * digest of each recently correct password. A later reader of this memory
 * cannot learn the passwords, and a thousand connections of one user do not
 * need a thousand hashes.
 */
export class Users {
  readonly #crypto: Crypto;
  readonly #remember: number;
  readonly #now: () => number;
  readonly #queue: PasswordQueue;
  readonly #check: typeof checkPassword;
  readonly #nobody: Uint8Array;
  /** Slow checks that wait or run, by client, name and password. */
  readonly #checking = new Map<string, Promise<boolean>>();
  #entries: ReadonlyMap<string, Entry> = new Map();
  /** Checked for users without a hash; `undefined` if no user has one. */
  #impossible: PasswordHash | undefined;

  private constructor(crypto: Crypto, options: UsersOptions) {
    this.#crypto = crypto;
    this.#remember = options.remember ?? REMEMBER;
    this.#now = options.now ?? (() => performance.now());
    this.#queue = options.queue ?? new PasswordQueue();
    this.#check = options.check ?? checkPassword;
    this.#nobody = crypto.digest("", globalThis.crypto.randomUUID());
  }

  /**
   * Creates a list. It loads the cryptography itself, so that a proxy without
   * users starts without it.
   *
   * @param users The users. If two have one name, the later one counts.
   * @param options Cache, queue and clock.
   * @throws {SyntaxError} If a hash is malformed.
   */
  static async create(
    users: readonly User[],
    options: UsersOptions = {},
  ): Promise<Users> {
    const { createHmac, randomBytes, timingSafeEqual } = await import(
      "node:crypto"
    );
    // All lists share a key, so that a proof outlasts a new configuration.
    const key = processKey ??= randomBytes(32);
    const list = new Users({
      // The length separates name and password: each text stands for one pair.
      digest: (name, password) =>
        createHmac("sha256", key).update(`${name.length}\0${name}`)
          .update(password).digest(),
      timingSafeEqual,
    }, options);
    list.replace(users);
    return list;
  }

  /** Number of users. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Returns a text that changes when the user's password changes.
   *
   * @returns A keyed digest, or the configured hash; `undefined` if no user has
   *   this name.
   */
  proofOf(name: string): string | undefined {
    return this.#entries.get(name)?.proof;
  }

  /**
   * Replaces the users. A remembered digest stays if the password is the same.
   *
   * @param users The users. If two have one name, the later one counts.
   * @throws {SyntaxError} If a hash is malformed; the list then stays
   *   unchanged.
   */
  replace(users: readonly User[]): void {
    const entries = new Map(
      users.map((user) => [user.name, this.#entryOf(user)]),
    );
    const cost = commonCost([...entries.values()]);
    this.#impossible = cost && impossibleHash(cost);
    this.#entries = entries;
  }

  /**
   * Checks credentials, with the same work for unknown names. If any user's
   * password is hashed, each wrong password costs a hash.
   *
   * @param name User name as sent.
   * @param password Password as sent.
   * @param options The client.
   * @returns Whether the user exists and the password is correct.
   * @throws {Refusal} `limit reached` if too many checks wait.
   * @throws The error that `options.beforeCheck` throws.
   */
  async verify(
    name: string,
    password: Uint8Array,
    options: VerifyOptions = {},
  ): Promise<boolean> {
    const digest = this.#crypto.digest(name, password);
    if (this.#isKnown(name, digest)) return true;
    if (this.#impossible === undefined) return false;
    return await this.#checkOnce(name, password, digest, options);
  }

  #isKnown(name: string, digest: Uint8Array): boolean {
    const entry = this.#entries.get(name);
    const isFresh = entry?.digest !== undefined &&
      this.#now() < entry.digestUntil;
    const expected = isFresh ? entry.digest! : this.#nobody;
    return this.#crypto.timingSafeEqual(digest, expected) && isFresh;
  }

  /** Simultaneous connections of a program with one password share a check. */
  #checkOnce(
    name: string,
    password: Uint8Array,
    digest: Uint8Array,
    { client = "", beforeCheck }: VerifyOptions,
  ): Promise<boolean> {
    // Not shared between clients, because a banned one must not stop another.
    const key = `${client} ${digest.toBase64()}`;
    let checking = this.#checking.get(key);
    if (checking === undefined) {
      checking = this.#queue.run(client, () => {
        beforeCheck?.();
        // Another client of the same user may have been first in the queue.
        if (this.#isKnown(name, digest)) return Promise.resolve(true);
        return this.#checkSlowly(name, password, digest);
      }).finally(() => this.#checking.delete(key));
      this.#checking.set(key, checking);
    }
    return checking;
  }

  async #checkSlowly(
    name: string,
    password: Uint8Array,
    digest: Uint8Array,
  ): Promise<boolean> {
    const entry = this.#entries.get(name);
    const expected = entry?.hash ?? this.#impossible;
    if (expected === undefined) return false; // The users were replaced.
    const isRight = await this.#check(password, expected);
    if (!isRight || entry === undefined) return false;
    const current = this.#entries.get(name);
    // If the password changed during the check, the client must prove the new
    // one.
    if (current === undefined || current.proof !== entry.proof) return false;
    if (this.#remember > 0) {
      current.digest = digest;
      current.digestUntil = this.#now() + this.#remember;
    }
    return true;
  }

  #entryOf(user: User): Entry {
    if ("password" in user) {
      const digest = this.#crypto.digest(user.name, user.password);
      const proof = digest.toBase64();
      return { proof, hash: undefined, digest, digestUntil: Infinity };
    }
    const before = this.#entries.get(user.name);
    if (before?.proof === user.hash) return before;
    const hash = parsePasswordHash(user.hash);
    return { proof: user.hash, hash, digest: undefined, digestUntil: 0 };
  }
}

/** The cost of most users, which an unknown user must cost too. */
function commonCost(entries: readonly Entry[]): HashCost | undefined {
  const counts = new Map<string, { cost: HashCost; n: number }>();
  for (const { hash } of entries) {
    if (hash === undefined) continue;
    const { cost } = hash;
    const key = `${cost.ln} ${cost.r} ${cost.p}`;
    counts.set(key, { cost, n: (counts.get(key)?.n ?? 0) + 1 });
  }
  const [most] = [...counts.values()].sort((a, b) => b.n - a.n);
  return most?.cost;
}
