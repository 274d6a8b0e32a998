/**
 * Who may use the proxy.
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

/** Milliseconds for which a password that was right is remembered. */
const REMEMBER = 300_000;

let processKey: Uint8Array | undefined;

/** A user whose password is known as it is. */
export interface PlainUser {
  /** Name, 1 to 255 bytes of UTF-8. */
  name: string;
  /** Password, 1 to 255 bytes of UTF-8. */
  password: string;
}

/** A user of whose password the hash is known. */
export interface HashedUser {
  /** Name, 1 to 255 bytes of UTF-8. */
  name: string;
  /** Hash as {@linkcode parsePasswordHash} reads it. */
  hash: string;
}

/** A user as configured. */
export type User = PlainUser | HashedUser;

/** Options for {@linkcode Users.create}. */
export interface UsersOptions {
  /**
   * Milliseconds for which a password that was right need not be hashed again
   * (default 5 minutes); 0 is not at all.
   */
  remember?: number;
  /** Tells milliseconds that only go forward (default `performance.now`). */
  now?: () => number;
  /** Where slow checks wait. */
  queue?: PasswordQueue;
  /** Checks a password slowly (default {@linkcode checkPassword}). */
  check?: typeof checkPassword;
}

/** Options for {@linkcode Users.verify}. */
export interface VerifyOptions {
  /** Who asks: what one client asks for again is checked once. */
  client?: string;
  /** Called when a slow check is about to begin; it throws to prevent it. */
  beforeCheck?: () => void;
}

interface Crypto {
  digest: (name: string, password: string | Uint8Array) => Uint8Array;
  timingSafeEqual: typeof TimingSafeEqual;
}

/** What is known of one user. */
interface Entry {
  /** What the password is proved by: a change of it ends what is remembered. */
  readonly proof: string;
  /** None for a user whose digest is known from the start. */
  readonly hash: PasswordHash | undefined;
  /** Digest of name and password, once known. */
  digest: Uint8Array | undefined;
  /** Until when it counts. */
  digestUntil: number;
}

/**
 * A list of users that keeps no password, only hashes, and a keyed digest of
 * each password that was right a while ago: what reads this memory later can't
 * tell the passwords, and a thousand connections of one user need no thousand
 * hashes.
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
  /** Checked where a user has no hash; `undefined` where no user has one. */
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
   * Creates a list. The cryptography is loaded here, so that a proxy without
   * users starts without it.
   *
   * @param users The users; of two with one name the later counts.
   * @param options How it works.
   * @returns The list.
   * @throws {SyntaxError} If a hash is malformed.
   */
  static async create(
    users: readonly User[],
    options: UsersOptions = {},
  ): Promise<Users> {
    const { createHmac, randomBytes, timingSafeEqual } = await import(
      "node:crypto"
    );
    // One for all lists: those of a new configuration prove the same.
    const key = processKey ??= randomBytes(32);
    const list = new Users({
      // The length tells where the name ends: one text, one pair.
      digest: (name, password) =>
        createHmac("sha256", key).update(`${name.length}\0${name}`)
          .update(password).digest(),
      timingSafeEqual,
    }, options);
    list.replace(users);
    return list;
  }

  /** How many users there are. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Tells what a user's password is proved by, to notice that it has changed.
   *
   * @param name Name of the user.
   * @returns A text that says nothing about the password; `undefined` if there is
   *   no such user.
   */
  proofOf(name: string): string | undefined {
    return this.#entries.get(name)?.proof;
  }

  /**
   * Takes other users. What is remembered of one stays where its password is
   * the same.
   *
   * @param users The users; of two with one name the later counts.
   * @throws {SyntaxError} If a hash is malformed; the list is as before then.
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
   * Checks credentials, with the same work for a name that is not listed: where
   * one user's password is hashed, each wrong one costs a hash.
   *
   * @param name User name as sent.
   * @param password Password as sent.
   * @param options Who asks.
   * @returns Whether the user exists and the password is right.
   * @throws {Refusal} `limit reached`, where too many checks wait.
   * @throws What `options.beforeCheck` throws.
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

  /** Connections that a program opens at once with one password share a check. */
  #checkOnce(
    name: string,
    password: Uint8Array,
    digest: Uint8Array,
    { client = "", beforeCheck }: VerifyOptions,
  ): Promise<boolean> {
    // Not shared among clients: one that is banned must not stop another.
    const key = `${client} ${digest.toBase64()}`;
    let checking = this.#checking.get(key);
    if (checking === undefined) {
      checking = this.#queue.run(client, () => {
        beforeCheck?.();
        // Another client of the same user may have been before us in the queue.
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
    if (expected === undefined) return false; // Users were replaced meanwhile.
    const isRight = await this.#check(password, expected);
    if (!isRight || entry === undefined) return false;
    const current = this.#entries.get(name);
    // Whose password was changed during the check has to prove the new one.
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

/** The cost that most users have is what an unknown one has to cost. */
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
