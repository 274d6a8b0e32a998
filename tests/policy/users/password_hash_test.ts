import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  checkPassword,
  DEFAULT_COST,
  formatPasswordHash,
  type HashCost,
  hashPassword,
  impossibleHash,
  parsePasswordHash,
} from "../../../lib/policy/users/password_hash.ts";

const CHEAP: HashCost = { ln: 1, r: 1, p: 1 };
const SALT = "c2FsdHNhbHRzYWx0";
const HASH = "AAECAwQFBgcICQoLDA0ODw";

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The vectors of RFC 7914 §12 with a salt, except those that take seconds. */
const VECTORS = [
  {
    cost: { ln: 10, r: 8, p: 16 },
    password: "password",
    salt: "NaCl",
    hash:
      "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
  },
  {
    cost: { ln: 14, r: 8, p: 1 },
    password: "pleaseletmein",
    salt: "SodiumChloride",
    hash:
      "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
  },
];

Deno.test("checkPassword() agrees with RFC 7914", async () => {
  for (const { cost, password, salt, hash } of VECTORS) {
    const expected = {
      cost,
      salt: bytes(salt),
      hash: Uint8Array.fromHex(hash),
    };
    assertEquals(await checkPassword(bytes(password), expected), true);
    assertEquals(await checkPassword(bytes(password + "x"), expected), false);
  }
});

Deno.test("hashPassword() returns a hash that checkPassword() accepts, with a new salt each time", async () => {
  const words = bytes("pässwörd 🦀");
  const [first, second] = [
    await hashPassword(words, CHEAP),
    await hashPassword(words, CHEAP),
  ];
  assert(first.salt.toHex() !== second.salt.toHex());
  assert(first.hash.toHex() !== second.hash.toHex());
  for (const hash of [first, second]) {
    assertEquals(hash.salt.length, 16);
    assertEquals(hash.hash.length, 32);
    assertEquals(await checkPassword(words, hash), true);
    assertEquals(await checkPassword(bytes("password"), hash), false);
  }
});

Deno.test("hashPassword() uses the default cost", async () => {
  const text = formatPasswordHash(await hashPassword(bytes("secret")));
  assert(text.startsWith("$scrypt$ln=15,r=8,p=1$"), text);
  assertEquals(text.includes("="), true);
  assertEquals(text.endsWith("="), false);
  assertEquals(parsePasswordHash(text).cost, DEFAULT_COST);
});

Deno.test("impossibleHash() matches no password", async () => {
  const hash = impossibleHash(CHEAP);
  assertEquals(await checkPassword(bytes(""), hash), false);
  assertEquals(await checkPassword(hash.hash, hash), false);
});

Deno.test("formatPasswordHash() after parsePasswordHash() is identity", () => {
  for (const cost of ["ln=1,r=1,p=1", "ln=17,r=8,p=1", "ln=15,r=8,p=8"]) {
    const text = `$scrypt$${cost}$${SALT}$${HASH}`;
    assertEquals(formatPasswordHash(parsePasswordHash(text)), text);
  }
});

const FORM = "expected $scrypt$ln=…,r=…,p=…$SALT$HASH";
const COST = "expected a hash that costs at most 128 MiB and N · r · p = 2^21";

const BROKEN: [text: string, message: string][] = [
  ["", FORM],
  ["secret", FORM],
  ["$2y$05$abcdefghijklmnopqrstuv", FORM],
  [`scrypt$ln=15,r=8,p=1$${SALT}$${HASH}`, FORM],
  [`$scrypt$ln=15,r=8,p=1$${SALT}`, FORM],
  [`$scrypt$ln=15,r=8,p=1$${SALT}$`, FORM],
  [`$scrypt$ln=15,r=8,p=1$${SALT}$${HASH}$`, FORM],
  [`$scrypt$ln=15,r=8,p=1$${SALT}$${HASH}==`, FORM],
  [`$scrypt$ln=15,r=8,p=1$${SALT}$${HASH} `, FORM],
  [`$scrypt$ln=15,r=8,p=1$${SALT}$${HASH}\n`, FORM],
  [`$scrypt$ln=15,r=8$${SALT}$${HASH}`, FORM],
  [`$scrypt$r=8,ln=15,p=1$${SALT}$${HASH}`, FORM],
  [`$scrypt$ln=0,r=8,p=1$${SALT}$${HASH}`, FORM],
  [`$scrypt$ln=015,r=8,p=1$${SALT}$${HASH}`, FORM],
  [`$scrypt$ln=-1,r=8,p=1$${SALT}$${HASH}`, FORM],
  [`$scrypt$ln=1e1,r=8,p=1$${SALT}$${HASH}`, FORM],
  [`$scrypt$ln=100,r=8,p=1$${SALT}$${HASH}`, FORM],
  [`$scrypt$ln=18,r=8,p=1$${SALT}$${HASH}`, COST],
  [`$scrypt$ln=31,r=8,p=1$${SALT}$${HASH}`, COST],
  [`$scrypt$ln=99,r=99,p=99$${SALT}$${HASH}`, COST],
  [`$scrypt$ln=17,r=9,p=1$${SALT}$${HASH}`, COST],
  [`$scrypt$ln=15,r=8,p=9$${SALT}$${HASH}`, COST],
  [
    `$scrypt$ln=15,r=8,p=1$c2FsdA$${HASH}`,
    "expected a salt of 8 to 64 bytes in base64 without padding",
  ],
  [
    `$scrypt$ln=15,r=8,p=1$${SALT}$AAEC`,
    "expected a hash of 16 to 64 bytes in base64 without padding",
  ],
  [
    `$scrypt$ln=15,r=8,p=1$${SALT}$${"A".repeat(100)}`,
    "expected a hash of 16 to 64 bytes in base64 without padding",
  ],
  [
    `$scrypt$ln=15,r=8,p=1$${SALT}$${HASH}AAA`,
    "expected a hash of 16 to 64 bytes in base64 without padding",
  ],
];

for (const [text, message] of BROKEN) {
  Deno.test(`parsePasswordHash() refuses ${JSON.stringify(text)}`, () => {
    const error = assertThrows(() => parsePasswordHash(text), SyntaxError);
    assertEquals(error.message, message);
  });
}
