/**
 * Stored passwords: scrypt (RFC 7914) as PHC strings.
 *
 * ```text
 * $scrypt$ln=15,r=8,p=1$SALT$HASH
 * ```
 *
 * `SALT` and `HASH` are base64 without padding; N is 2 to the power of `ln`.
 * Passlib and other programs use the same form.
 *
 * @module
 */

import { decodeBase64 } from "../../wire/base64.ts";

/** Cost of one check. */
export interface HashCost {
  /** Binary logarithm of N. */
  readonly ln: number;
  /** Block size. */
  readonly r: number;
  /** Number of passes. */
  readonly p: number;
}

/** A hashed password. */
export interface PasswordHash {
  /** Cost of a check. */
  readonly cost: HashCost;
  /** Random bytes that make equal passwords differ, 8 to 64 bytes. */
  readonly salt: Uint8Array;
  /** The hash, 16 to 64 bytes. */
  readonly hash: Uint8Array;
}

/** About 75 ms and 32 MiB on a core of 2.5 GHz. */
export const DEFAULT_COST: HashCost = { ln: 15, r: 8, p: 1 };

/**
 * Most memory of one check in bytes, 128 · N · r. Otherwise one login with a
 * file from elsewhere could use all memory.
 */
const MOST_MEMORY = 128 * 2 ** 20;

/** Most blocks that one check may mix, N · r · p: eight times the default. */
const MOST_WORK = 2 ** 21;

const FORM =
  /^\$scrypt\$ln=([1-9]\d?),r=([1-9]\d?),p=([1-9]\d?)\$([A-Za-z\d+/]+)\$([A-Za-z\d+/]+)$/;

/**
 * Parses a hash.
 *
 * @param text Text such as `$scrypt$ln=15,r=8,p=1$…$…`.
 * @throws {SyntaxError} If the text is not a hash, or a check would cost too
 *   much. The message says what was expected and does not repeat the text.
 */
export function parsePasswordHash(text: string): PasswordHash {
  const [, ln, r, p, salt, hash] = FORM.exec(text) ?? [];
  if (salt === undefined || hash === undefined) {
    throw new SyntaxError("expected $scrypt$ln=…,r=…,p=…$SALT$HASH");
  }
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) };
  if (memoryOf(cost) > MOST_MEMORY || workOf(cost) > MOST_WORK) {
    throw new SyntaxError(
      "expected a hash that costs at most 128 MiB and N · r · p = 2^21",
    );
  }
  return {
    cost,
    salt: decode(salt, "salt", 8),
    hash: decode(hash, "hash", 16),
  };
}

/**
 * Formats a hash.
 *
 * @returns Text for {@linkcode parsePasswordHash}.
 */
export function formatPasswordHash({ cost, salt, hash }: PasswordHash): string {
  const { ln, r, p } = cost;
  return `$scrypt$ln=${ln},r=${r},p=${p}$${encode(salt)}$${encode(hash)}`;
}

/**
 * Hashes a password with a random salt.
 *
 * @param password Password as clients send it.
 * @param cost Cost of a check.
 */
export async function hashPassword(
  password: Uint8Array,
  cost: HashCost = DEFAULT_COST,
): Promise<PasswordHash> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  return { cost, salt, hash: await derive(password, salt, 32, cost) };
}

/**
 * Creates a hash that matches no password, to check if a user has none.
 *
 * @param cost Cost of a check.
 */
export function impossibleHash(cost: HashCost): PasswordHash {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const hash = crypto.getRandomValues(new Uint8Array(32));
  return { cost, salt, hash };
}

/**
 * Checks a password in one of the runtime's threads.
 *
 * @param password Password as sent.
 * @param expected Hash of the correct password.
 * @returns Whether it is correct. The duration reveals only the cost.
 */
export async function checkPassword(
  password: Uint8Array,
  { cost, salt, hash }: PasswordHash,
): Promise<boolean> {
  const { timingSafeEqual } = await import("node:crypto");
  const given = await derive(password, salt, hash.length, cost);
  return timingSafeEqual(given, hash);
}

async function derive(
  password: Uint8Array,
  salt: Uint8Array,
  length: number,
  cost: HashCost,
): Promise<Uint8Array> {
  const { scrypt } = await import("node:crypto");
  const { ln, r, p } = cost;
  const options = { N: 2 ** ln, r, p, maxmem: 2 * MOST_MEMORY };
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  scrypt(password, salt, length, options, (error, derived) => {
    if (error) reject(error);
    else resolve(derived);
  });
  return await promise;
}

function memoryOf({ ln, r }: HashCost): number {
  return 128 * 2 ** ln * r;
}

function workOf({ ln, r, p }: HashCost): number {
  return 2 ** ln * r * p;
}

function encode(bytes: Uint8Array): string {
  return bytes.toBase64({ omitPadding: true });
}

function decode(text: string, what: string, least: number): Uint8Array {
  const bytes = decodeBase64(text);
  if (bytes === undefined || bytes.length < least || bytes.length > 64) {
    throw new SyntaxError(
      `expected a ${what} of ${least} to 64 bytes in base64 without padding`,
    );
  }
  return bytes;
}
