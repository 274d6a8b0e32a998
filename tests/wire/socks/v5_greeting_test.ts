import { assertEquals, assertThrows } from "@std/assert";
import { parse } from "../../../lib/wire/parser.ts";
import { METHOD, REPLY, Socks5Error } from "../../../lib/wire/socks/v5.ts";
import {
  encodeGreeting,
  encodeMethodSelection,
  parseGreeting,
} from "../../../lib/wire/socks/v5_greeting.ts";

Deno.test("parseGreeting() returns the methods in the client's order", () => {
  const cases = [
    { bytes: [5, 0], methods: [] },
    { bytes: [5, 1, 0], methods: [0] },
    { bytes: [5, 2, 2, 0], methods: [2, 0] },
    { bytes: [5, 3, 0, 0, 0xff], methods: [0, 0, 0xff] },
  ];
  for (const { bytes, methods } of cases) {
    const got = parse(parseGreeting(), new Uint8Array(bytes));
    assertEquals(got, new Uint8Array(methods));
  }
});

Deno.test("parseGreeting() accepts every number of methods", () => {
  for (let count = 0; count < 256; count++) {
    const methods = Array.from({ length: count }, (_, n) => 255 - n);
    const bytes = encodeGreeting(methods);
    assertEquals(bytes.length, 2 + count);
    assertEquals([...parse(parseGreeting(), bytes)], methods);
  }
});

Deno.test("parseGreeting() refuses every version but 5", () => {
  for (let version = 0; version < 256; version++) {
    const bytes = new Uint8Array([version, 1, 0]);
    if (version === 5) {
      assertEquals(parse(parseGreeting(), bytes), new Uint8Array([0]));
      continue;
    }
    const error = assertThrows(
      () => parse(parseGreeting(), bytes),
      Socks5Error,
      `Cannot parse greeting: VER is ${version}`,
    );
    assertEquals(error.reply, REPLY.GeneralFailure);
  }
});

Deno.test("parseGreeting() asks for more when the message is truncated anywhere", () => {
  for (const count of [0, 1, 2, 255]) {
    const bytes = encodeGreeting(new Array(count).fill(0));
    for (let length = 0; length < bytes.length; length++) {
      assertThrows(
        () => parse(parseGreeting(), bytes.subarray(0, length)),
        RangeError,
        "bytes missing",
      );
    }
  }
});

Deno.test("parseGreeting() never asks for a byte too many", () => {
  const bytes = new Uint8Array([5, 2, 0, 2]);
  const parser = parseGreeting();
  assertEquals(parser.next().value, 2);
  assertEquals(parser.next(bytes.subarray(0, 2)).value, 2);
  assertEquals(parser.next(bytes.subarray(2)).done, true);
  const empty = parseGreeting();
  empty.next();
  assertEquals(empty.next(new Uint8Array([5, 0])).done, true);
});

Deno.test("encodeMethodSelection() writes version and method", () => {
  for (const method of Object.values(METHOD)) {
    assertEquals(encodeMethodSelection(method), new Uint8Array([5, method]));
  }
});
