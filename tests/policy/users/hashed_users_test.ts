import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  checkPassword,
  formatPasswordHash,
  hashPassword,
} from "../../../lib/policy/users/password_hash.ts";
import { Refusal } from "../../../lib/policy/limits/refusal.ts";
import { type HashedUser, Users } from "../../../lib/policy/users/users.ts";
import { PasswordQueue } from "../../../lib/policy/users/password_queue.ts";

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

async function hashed(name: string, password: string): Promise<HashedUser> {
  const hash = await hashPassword(bytes(password), { ln: 1, r: 1, p: 1 });
  return { name, hash: formatPasswordHash(hash) };
}

const ALICE = await hashed("alice", "secret");
const BOB = await hashed("bob", "b");

/** Users whose hashes are counted, with a clock that stands still. */
async function counted(
  list: Parameters<typeof Users.create>[0],
  remember = 300_000,
) {
  const state = { checks: 0, now: 1_000 };
  const users = await Users.create(list, {
    remember,
    now: () => state.now,
    check(password, hash) {
      state.checks++;
      return checkPassword(password, hash);
    },
  });
  return { users, state };
}

Deno.test("Users.verify() distinguishes right from wrong when passwords are hashed", async () => {
  const plain = { name: "carol", password: "c" };
  const { users } = await counted([ALICE, BOB, plain]);
  assertEquals(users.size, 3);
  const cases: [string, string, boolean][] = [
    ["alice", "secret", true],
    ["alice", "secre", false],
    ["alice", "secrets", false],
    ["alice", "", false],
    ["alice", ALICE.hash, false],
    ["bob", "b", true],
    ["bob", "secret", false],
    ["carol", "c", true],
    ["carol", "b", false],
    ["mallory", "secret", false],
    ["", "", false],
    ["__proto__", "secret", false],
  ];
  // A second time, now that some are remembered.
  for (const [name, password, right] of [...cases, ...cases]) {
    const about = `${name}:${password}`;
    assertEquals(await users.verify(name, bytes(password)), right, about);
  }
});

Deno.test("Users.verify() hashes a right password once while it is remembered", async () => {
  const { users, state } = await counted([ALICE], 60_000);
  for (let n = 0; n < 1_000; n++) {
    assertEquals(await users.verify("alice", bytes("secret")), true);
  }
  assertEquals(state.checks, 1);
  state.now += 59_999;
  assertEquals(await users.verify("alice", bytes("secret")), true);
  assertEquals(state.checks, 1);
  state.now += 1;
  assertEquals(await users.verify("alice", bytes("secret")), true);
  assertEquals(state.checks, 2);
});

Deno.test("Users.verify() hashes each time when nothing is remembered", async () => {
  const { users, state } = await counted([ALICE], 0);
  for (let n = 0; n < 3; n++) {
    assertEquals(await users.verify("alice", bytes("secret")), true);
  }
  assertEquals(state.checks, 3);
});

Deno.test("Users.verify() hashes once for each failure of any user", async () => {
  const plain = { name: "carol", password: "c" };
  const { users, state } = await counted([ALICE, plain]);
  await users.verify("alice", bytes("secret"));
  for (const name of ["alice", "carol", "mallory", ""]) {
    state.checks = 0;
    for (let n = 0; n < 3; n++) {
      assertEquals(await users.verify(name, bytes("wrong")), false);
    }
    assertEquals(state.checks, 3, name);
  }
});

Deno.test("Users.verify() hashes an unknown user at the most common cost", async () => {
  const costs: number[] = [];
  const dear = { ...BOB, hash: BOB.hash.replace("ln=1,", "ln=3,") };
  const more = { ...dear, name: "dave" };
  const users = await Users.create([ALICE, dear, more], {
    check(_, { cost }) {
      costs.push(cost.ln);
      return Promise.resolve(false);
    },
  });
  for (const name of ["mallory", "alice", "bob"]) {
    await users.verify(name, bytes("wrong"));
  }
  assertEquals(costs, [3, 1, 3]);
});

Deno.test("Users.verify() never hashes when no user has a hash", async () => {
  const { users, state } = await counted([{ name: "carol", password: "c" }]);
  await users.verify("carol", bytes("wrong"));
  await users.verify("mallory", bytes("wrong"));
  assertEquals(state.checks, 0);
});

Deno.test("Users.verify() hashes once for simultaneous connections of a client", async () => {
  const { users, state } = await counted([ALICE]);
  for (
    const [password, right] of [["secret", true], ["wrong", false]] as const
  ) {
    state.checks = 0;
    const all = Array.from(
      { length: 1_000 },
      () => users.verify("alice", bytes(password), { client: "192.0.2.1" }),
    );
    assertEquals(new Set(await Promise.all(all)), new Set([right]));
    assertEquals(state.checks, 1);
  }
});

Deno.test("Users.verify() hashes once for all waiting clients of a user", async () => {
  const state = { checks: 0 };
  const users = await Users.create([ALICE], {
    queue: new PasswordQueue({ atOnce: 1 }),
    check(password, hash) {
      state.checks++;
      return checkPassword(password, hash);
    },
  });
  const all = Array.from(
    { length: 50 },
    (_, n) =>
      users.verify("alice", bytes("secret"), { client: `192.0.2.${n}` }),
  );
  assertEquals(new Set(await Promise.all(all)), new Set([true]));
  assertEquals(state.checks, 1);
});

Deno.test("Users.verify() throws before hashing when beforeCheck throws", async () => {
  const { users, state } = await counted([ALICE]);
  const banned = new Refusal("banned", "Client is banned for 1 s");
  const error = await assertRejects(() =>
    users.verify("alice", bytes("secret"), {
      beforeCheck() {
        throw banned;
      },
    })
  );
  assertEquals(error, banned);
  assertEquals(state.checks, 0);
});

Deno.test("Users.replace() accepts new users, and refuses removed ones", async () => {
  const { users } = await counted([ALICE]);
  assertEquals(await users.verify("alice", bytes("secret")), true);
  users.replace([BOB, { name: "carol", password: "c" }]);
  assertEquals(users.size, 2);
  assertEquals(await users.verify("alice", bytes("secret")), false);
  assertEquals(await users.verify("bob", bytes("b")), true);
  assertEquals(await users.verify("carol", bytes("c")), true);
  users.replace([]);
  assertEquals(await users.verify("bob", bytes("b")), false);
  assertEquals(await users.verify("carol", bytes("c")), false);
});

Deno.test("Users.replace() forgets a password only when its hash has changed", async () => {
  const { users, state } = await counted([ALICE, BOB]);
  await users.verify("alice", bytes("secret"));
  await users.verify("bob", bytes("b"));
  assertEquals(state.checks, 2);
  users.replace([await hashed("alice", "new"), BOB]);
  assertEquals(await users.verify("bob", bytes("b")), true);
  assertEquals(state.checks, 2);
  assertEquals(await users.verify("alice", bytes("secret")), false);
  assertEquals(await users.verify("alice", bytes("new")), true);
  assertEquals(state.checks, 4);
});

Deno.test("Users.replace() affects a check that is running", async () => {
  for (const next of [[], [await hashed("alice", "new")]]) {
    const users: Users = await Users.create([ALICE], {
      check() {
        users.replace(next);
        return Promise.resolve(true);
      },
    });
    assertEquals(await users.verify("alice", bytes("secret")), false);
  }
});

Deno.test("Users.replace() changes nothing when a hash is malformed", async () => {
  const { users } = await counted([ALICE]);
  const broken = { name: "bob", hash: "hunter2" };
  const error = assertThrows(() => users.replace([broken]), SyntaxError);
  assertEquals(error.message.includes("hunter2"), false);
  assertEquals(await users.verify("alice", bytes("secret")), true);
  await assertRejects(() => Users.create([broken]), SyntaxError);
});

Deno.test("Users shows no password when printed, not even a remembered one", async () => {
  const { users } = await counted([ALICE]);
  await users.verify("alice", bytes("secret"));
  const options = { showHidden: true, depth: 10 };
  const text = Deno.inspect(users, options) + JSON.stringify(users);
  assertEquals(text.includes("secret"), false);
  assertEquals(text.includes(ALICE.hash), false);
});
