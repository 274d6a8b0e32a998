import { assertEquals, assertThrows } from "@std/assert";
import { parse } from "../../../lib/wire/parser.ts";
import { REPLY, Socks5Error } from "../../../lib/wire/socks/v5.ts";
import {
  encodeCredentials,
  encodeCredentialsReply,
  parseCredentials,
} from "../../../lib/wire/socks/v5_credentials.ts";

const encoder = new TextEncoder();

Deno.test("parseCredentials() returns name and password", () => {
  const cases = [
    {
      bytes: [1, 1, 0x61, 1, 0x62],
      username: "a",
      password: [0x62],
    },
    {
      bytes: [1, 2, 0xc3, 0xa4, 2, 0xff, 0x00],
      username: "ä",
      password: [0xff, 0x00],
    },
    { bytes: [1, 1, 0x61, 0], username: "a", password: [] },
    {
      bytes: [1, 3, 0x61, 0x00, 0x62, 1, 0x63],
      username: "a\0b",
      password: [0x63],
    },
  ];
  for (const { bytes, username, password } of cases) {
    const got = parse(parseCredentials(), new Uint8Array(bytes));
    assertEquals(got.username, username);
    assertEquals([...got.password], password);
  }
});

Deno.test("parseCredentials() after encodeCredentials() is identity", () => {
  const names = [
    "a",
    "alice@example.com",
    "Ünïcødé 日本 🦀",
    "with:colon and space",
    "\0",
    "x".repeat(255),
    "é".repeat(127),
  ];
  const passwords = ["", "p", "pässword", "\0", "y".repeat(255)];
  for (const username of names) {
    for (const text of passwords) {
      const password = encoder.encode(text);
      const bytes = encodeCredentials({ username, password });
      const got = parse(parseCredentials(), bytes);
      assertEquals(got.username, username);
      assertEquals([...got.password], [...password]);
    }
  }
});

Deno.test("parseCredentials() keeps a byte order mark as part of the name", () => {
  const username = "\ufeffalice";
  const bytes = encodeCredentials({ username, password: new Uint8Array() });
  assertEquals(parse(parseCredentials(), bytes).username, username);
});

Deno.test("parseCredentials() accepts every length of name and password", () => {
  for (let length = 0; length < 256; length++) {
    const password = new Uint8Array(length).fill(length);
    const username = "u".repeat(Math.max(1, length));
    const bytes = encodeCredentials({ username, password });
    const got = parse(parseCredentials(), bytes);
    assertEquals(got.username, username);
    assertEquals([...got.password], [...password]);
  }
});

Deno.test("parseCredentials() refuses every version but 1", () => {
  for (let version = 0; version < 256; version++) {
    if (version === 1) continue;
    const bytes = new Uint8Array([version, 1, 0x61, 1, 0x62]);
    const error = assertThrows(
      () => parse(parseCredentials(), bytes),
      Socks5Error,
      `Cannot parse credentials: VER is ${version}`,
    );
    assertEquals(error.reply, REPLY.GeneralFailure);
  }
});

Deno.test("parseCredentials() refuses an empty name after reading the whole message", () => {
  for (const password of [[], [0x62], [0x62, 0x63]]) {
    const bytes = new Uint8Array([1, 0, password.length, ...password]);
    for (let length = 0; length < bytes.length; length++) {
      assertThrows(
        () => parse(parseCredentials(), bytes.subarray(0, length)),
        RangeError,
      );
    }
    assertThrows(
      () => parse(parseCredentials(), bytes),
      Socks5Error,
      "Cannot parse credentials: ULEN is 0",
    );
  }
});

Deno.test("parseCredentials() asks for more when the message is truncated anywhere", () => {
  for (const [name, secret] of [["a", ""], ["alice", "secret"]] as const) {
    const password = encoder.encode(secret);
    const bytes = encodeCredentials({ username: name, password });
    for (let length = 0; length < bytes.length; length++) {
      assertThrows(
        () => parse(parseCredentials(), bytes.subarray(0, length)),
        RangeError,
        "bytes missing",
      );
    }
  }
});

Deno.test("parseCredentials() never asks for a byte too many", () => {
  const bytes = new Uint8Array([1, 2, 0x61, 0x62, 3, 1, 2, 3]);
  const parser = parseCredentials();
  assertEquals(parser.next().value, 2);
  assertEquals(parser.next(bytes.subarray(0, 2)).value, 3);
  assertEquals(parser.next(bytes.subarray(2, 5)).value, 3);
  assertEquals(parser.next(bytes.subarray(5)).done, true);
});

Deno.test("encodeCredentials() lays out every field", () => {
  const password = new Uint8Array([9, 8]);
  assertEquals(
    encodeCredentials({ username: "ab", password }),
    new Uint8Array([1, 2, 0x61, 0x62, 2, 9, 8]),
  );
});

Deno.test("encodeCredentialsReply() writes status 0 only when accepted", () => {
  assertEquals(encodeCredentialsReply(true), new Uint8Array([1, 0]));
  assertEquals(encodeCredentialsReply(false), new Uint8Array([1, 1]));
});
