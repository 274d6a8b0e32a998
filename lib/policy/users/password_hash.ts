/**
 * Passwords at rest: scrypt (RFC 7914) in the text form of PHC strings.
 *
 * ```text
 * $scrypt$ln=15,r=8,p=1$SALT$HASH
 * ```
 *
 * `SALT` and `HASH` are base64 without padding; N is 2 to the power of `ln`.
 * Passlib and others write the same form.
 *
 * @module
 */

import { decodeBase64 } from "../../wire/base64.ts";

/** What one check costs. */
export interface HashCost {
  /** Binary logarithm of N. */
  readonly ln: number;
  /** Size of a block. */
  readonly r: number;
  /** How often all of it is done. */
  readonly p: number;
}

/** A hashed password. */
export interface PasswordHash {
  /** What a check costs. */
  readonly cost: HashCost;
  /** What makes equal passwords differ, 8 to 64 bytes. */
  readonly salt: Uint8Array;
  /** The hash, 16 to 64 bytes. */
  readonly hash: Uint8Array;
}

/** About 75 ms and 32 MiB on a core of 2.5 GHz. */
export const DEFAULT_COST: HashCost = { ln: 15, r: 8, p: 1 };

/**
 * Bytes that one check may need, 128 · N · r. A file from elsewhere could
 * otherwise take all the memory with one login.
 */
const MOST_MEMORY = 128 * 2 ** 20;

/** Blocks that one check may mix, N · r · p: eight times the default. */
const MOST_WORK = 2 ** 21;

const FORM =
  /^\$scrypt\$ln=([1-9]\d?),r=([1-9]\d?),p=([1-9]\d?)\$([A-Za-z\d+/]+)\$([A-Za-z\d+/]+)$/;

/**
 * Parses a hash.
 *
 * @param text Text such as `$scrypt$ln=15,r=8,p=1$…$…`.
 * @throws {SyntaxError} If it is none, or would cost too much. The message says
 *   what was expected, and does not repeat the text.
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
 * @param hash Hash to format.
 * @returns Text that {@linkcode parsePasswordHash} reads.
 */
export function formatPasswordHash({ cost, salt, hash }: PasswordHash): string {
  const { ln, r, p } = cost;
  return `$scrypt$ln=${ln},r=${r},p=${p}$${encode(salt)}$${encode(hash)}`;
}

/**
 * Hashes a password, with a salt of its own.
 *
 * @param password Password as it will be sent.
 * @param cost What a check shall cost.
 */
export async function hashPassword(
  password: Uint8Array,
  cost: HashCost = DEFAULT_COST,
): Promise<PasswordHash> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  return { cost, salt, hash: await derive(password, salt, 32, cost) };
}

/**
 * Makes a hash that no password has, to be checked where there is none.
 *
 * @param cost What a check shall cost.
 */
export function impossibleHash(cost: HashCost): PasswordHash {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const hash = crypto.getRandomValues(new Uint8Array(32));
  return { cost, salt, hash };
}

/**
 * Checks a password, in a thread of the runtime's.
 *
 * @param password Password as sent.
 * @param expected Hash of the right one.
 * @returns Whether it is right; how long that takes tells only the cost.
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
