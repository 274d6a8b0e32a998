import { assert } from "@std/assert";
import {
  formatPasswordHash,
  hashPassword,
} from "../../../lib/policy/users/password_hash.ts";
import { Users } from "../../../lib/policy/users/users.ts";

/**
 * Tries of each kind. The kinds take turns, so that other work on the machine
 * affects all of them.
 */
const TRIES = 200;

/**
 * Tries where the compiler only warms up, and where the times differ so much
 * that few of them show it.
 */
const FEW = 50;

const PASSWORD = "correct horse battery staple";

interface Kind {
  what: string;
  name: string;
  password: string;
}

const KNOWN: Kind = { what: "wrong", name: "alice", password: "W".repeat(28) };
const SAME: Kind = { ...KNOWN, what: "wrong again", password: "V".repeat(28) };
const UNKNOWN: Kind = { ...KNOWN, what: "unknown", name: "malle" };
const PREFIX: Kind = {
  ...KNOWN,
  what: "right but for the end",
  password: PASSWORD.slice(0, -1) + "X",
};

async function timesOf(
  users: Users,
  kinds: Kind[],
  tries = TRIES,
): Promise<number[][]> {
  const times: number[][] = kinds.map(() => []);
  for (let round = 0; round < tries; round++) {
    for (let turn = 0; turn < kinds.length; turn++) {
      // No kind always follows the same other kind.
      const index = (turn * (round % 2 ? 1 : kinds.length - 1) + round) %
        kinds.length;
      const { name, password } = kinds[index]!;
      const bytes = new TextEncoder().encode(password);
      const begun = performance.now();
      await users.verify(name, bytes);
      times[index]!.push(performance.now() - begun);
    }
  }
  return times;
}

function quantile(times: readonly number[], part: number): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * part)]!;
}

/** The spread of the middle half of a kind's times. */
function noiseOf(times: readonly number[]): number {
  return quantile(times, 0.75) - quantile(times, 0.25);
}

/** The distance between two kinds, in units of the run's noise. */
function distance(one: readonly number[], other: readonly number[]): number {
  const apart = Math.abs(quantile(one, 0.5) - quantile(other, 0.5));
  return apart / Math.max(noiseOf(one), noiseOf(other));
}

async function hashedAlice() {
  const password = new TextEncoder().encode(PASSWORD);
  const hash = await hashPassword(password, { ln: 8, r: 8, p: 1 });
  return { name: "alice", hash: formatPasswordHash(hash) };
}

Deno.test("Users.verify() takes the same time for an unknown user and a right prefix", async () => {
  const users = await Users.create([
    await hashedAlice(),
    { name: "bob", password: PASSWORD },
  ]);
  await timesOf(users, [KNOWN], FEW); // Warms up the compiler.
  const kinds = [KNOWN, SAME, UNKNOWN, PREFIX];
  const [known, ...others] = await timesOf(users, kinds);
  for (const [index, times] of others.entries()) {
    const apart = distance(known!, times);
    assert(apart < 1, `${kinds[index + 1]!.what}: ${apart} of the noise`);
  }
});

Deno.test("Users.verify() takes a measurably different time when it has no hash to check", async () => {
  const hashed = await Users.create([await hashedAlice()]);
  const plain = await Users.create([{ name: "bob", password: PASSWORD }]);
  const [slow] = await timesOf(hashed, [KNOWN], FEW);
  const [fast] = await timesOf(plain, [KNOWN], FEW);
  // A busy machine makes the noise of the slow kind arbitrarily large.
  const apart = (quantile(slow!, 0.5) - quantile(fast!, 0.5)) / noiseOf(fast!);
  assert(apart > 1, `${apart} of the noise`);
});
