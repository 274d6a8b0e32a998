import { assertEquals } from "@std/assert";
import { type PlainUser, Users } from "../../../lib/policy/users/users.ts";

const LIST: PlainUser[] = [
  { name: "alice", password: "secret" },
  { name: "bob", password: "correct horse" },
  { name: "carol", password: "pässwörd 🦀" },
  { name: "dävé", password: "x" },
  { name: "eve", password: "y".repeat(255) },
  { name: "constructor", password: "z" },
];

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

Deno.test("Users.verify() accepts every user with the right password", async () => {
  const users = await Users.create(LIST);
  assertEquals(users.size, LIST.length);
  for (const { name, password } of LIST) {
    assertEquals(await users.verify(name, bytes(password)), true, name);
    // A second time, to check that nothing was used up.
    assertEquals(await users.verify(name, bytes(password)), true, name);
  }
});

Deno.test("Users.verify() refuses everything else", async () => {
  const users = await Users.create(LIST);
  const cases = [
    { name: "alice", password: "wrong" },
    { name: "alice", password: "" },
    { name: "alice", password: "secre" },
    { name: "alice", password: "secrets" },
    { name: "alice", password: "Secret" },
    { name: "alice", password: "secret\0" },
    { name: "alice", password: " secret" },
    { name: "alice", password: "correct horse" },
    { name: "Alice", password: "secret" },
    { name: "alic", password: "secret" },
    { name: "alice ", password: "secret" },
    { name: "", password: "" },
    { name: "", password: "secret" },
    { name: "mallory", password: "secret" },
    { name: "mallory", password: "" },
    { name: "__proto__", password: "" },
    { name: "toString", password: "z" },
    // The same letters in another composition.
    { name: "carol", password: "pässwörd 🦀".normalize("NFD") },
    { name: "eve", password: "y".repeat(254) },
  ];
  for (const { name, password } of cases) {
    const given = `${name}:${password}`;
    assertEquals(await users.verify(name, bytes(password)), false, given);
  }
});

Deno.test("Users.verify() refuses bytes that are not UTF-8", async () => {
  const users = await Users.create([{ name: "a", password: "\ufffd" }]);
  assertEquals(await users.verify("a", new Uint8Array([0xff])), false);
  assertEquals(await users.verify("a", bytes("\ufffd")), true);
});

Deno.test("Users.verify() uses the later of two users with one name", async () => {
  const users = await Users.create([
    { name: "alice", password: "old" },
    { name: "bob", password: "other" },
    { name: "alice", password: "new" },
  ]);
  assertEquals(users.size, 2);
  assertEquals(await users.verify("alice", bytes("new")), true);
  assertEquals(await users.verify("alice", bytes("old")), false);
  assertEquals(await users.verify("bob", bytes("other")), true);
});

Deno.test("Users.verify() refuses everyone when the list is empty", async () => {
  const users = await Users.create([]);
  assertEquals(users.size, 0);
  assertEquals(await users.verify("", new Uint8Array()), false);
  assertEquals(await users.verify("undefined", bytes("undefined")), false);
});

Deno.test("Users shows no password when printed", async () => {
  const users = await Users.create(LIST);
  const text = Deno.inspect(users, { showHidden: true, depth: 10 }) +
    JSON.stringify(users);
  for (const { password } of LIST.slice(0, 3)) {
    assertEquals(text.includes(password), false);
  }
});
