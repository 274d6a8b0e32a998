/**
 * Random and mutated bytes, the same in each run.
 *
 * @module
 */

import { seededRandom } from "./random.ts";

/** Random numbers from 0 to 1. */
export type Random = () => number;

const EDGES = [0, 1, 2, 3, 4, 5, 0x0a, 0x0d, 0x20, 0x7f, 0x80, 0xfe, 0xff];

/**
 * Duration of a fuzz test: a moment in the suite, longer in `deno task fuzz`,
 * which sets `SLUICE_FUZZ_SECONDS`.
 */
export function fuzzMilliseconds(): number {
  return Number(Deno.env.get("SLUICE_FUZZ_SECONDS") ?? "0.5") * 1000;
}

/** Random numbers for one test; another seed gives another sequence. */
export function fuzzRandom(seed: number): Random {
  return seededRandom(seed + Number(Deno.env.get("SLUICE_FUZZ_SEED") ?? "0"));
}

/** One of some values. */
export function pick<T>(values: readonly T[], random: Random): T {
  return values[Math.floor(random() * values.length)]!;
}

/** Random bytes, usually few. */
export function noise(random: Random): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.floor(random() ** 3 * 2_000));
  for (let at = 0; at < bytes.length; at++) bytes[at] = random() * 256;
  return bytes;
}

/** Changes, removes, duplicates or adds a few bytes. */
export function mutate(
  bytes: Uint8Array,
  random: Random,
): Uint8Array<ArrayBuffer> {
  const result = [...bytes];
  for (let left = 1 + Math.floor(random() * 4); left > 0; left--) {
    const at = Math.floor(random() * result.length);
    const kind = Math.floor(random() * 6);
    if (kind === 0) result[at] = Math.floor(random() * 256);
    else if (kind === 1) result[at] = pick(EDGES, random);
    else if (kind === 2) result.splice(at, 1 + Math.floor(random() * 3));
    else if (kind === 3) result.splice(at, 0, pick(EDGES, random));
    else if (kind === 4) result.push(...result.slice(at));
    else result.length = at;
  }
  return Uint8Array.from(result);
}
