import { assertEquals, assertThrows } from "@std/assert";
import { HttpError } from "../../../lib/wire/http1/http_error.ts";
import {
  encodeHead,
  type Head,
  HeadScanner,
  MOST_FIELDS,
  MOST_HEAD,
  MOST_START_LINE,
} from "../../../lib/wire/http1/head.ts";
import { parseRequestHead } from "../../../lib/wire/http1/request.ts";
import { parseResponseHead } from "../../../lib/wire/http1/response.ts";

const GOOD = "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nX: 1\r\n\r\n";

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function scan(text: string): Head | undefined {
  const scanner = new HeadScanner();
  scanner.push(latin1(text));
  return scanner.head;
}

function statusOf(text: string): number {
  try {
    const head = scan(text);
    if (head === undefined) return 0;
    parseRequestHead(head);
    return 200;
  } catch (error) {
    if (error instanceof HttpError) return error.status;
    throw error;
  }
}

Deno.test("HeadScanner takes exactly the head, however the bytes are split", () => {
  const bytes = latin1(GOOD + "rest");
  for (let cut = 0; cut <= GOOD.length; cut++) {
    const scanner = new HeadScanner();
    const first = scanner.push(bytes.subarray(0, cut));
    assertEquals(first, cut);
    assertEquals(scanner.head === undefined, cut < GOOD.length, `cut ${cut}`);
    const rest = cut < GOOD.length ? scanner.push(bytes.subarray(cut)) : 0;
    assertEquals(first + rest, GOOD.length);
    assertEquals([...scanner.head!.fields], [["Host", "a.test"], ["X", "1"]]);
  }
});

Deno.test("encodeHead() writes a head that HeadScanner reads", () => {
  const { startLine, fields } = scan(GOOD)!;
  assertEquals(encodeHead(startLine, fields), latin1(GOOD));
});

const line = (length: number) =>
  `GET http://a/${"x".repeat(length - 22)} HTTP/1.1`;
const fields = (count: number) => "a: 1\r\n".repeat(count);
const head = (length: number) =>
  `GET / HTTP/1.1\r\nA: ${"x".repeat(length - 23)}\r\n\r\n`;

const LIMITS: [name: string, text: string, status: number][] = [
  ["a whole request line", `${line(MOST_START_LINE)}\r\n\r\n`, 200],
  ["one byte more", `${line(MOST_START_LINE + 1)}\r\n\r\n`, 414],
  ["a line without an end", "G".repeat(MOST_START_LINE + 1), 414],
  ["all fields", `GET / HTTP/1.1\r\n${fields(MOST_FIELDS)}\r\n`, 200],
  ["one field more", `GET / HTTP/1.1\r\n${fields(MOST_FIELDS + 1)}\r\n`, 431],
  ["a whole head", head(MOST_HEAD), 200],
  ["one byte more", head(MOST_HEAD + 1), 431],
];

const VECTORS: [name: string, text: string, status: number][] = [
  ["a valid head", GOOD, 200],
  ["one empty line before", `\r\n${GOOD}`, 200],
  ["two empty lines before", `\r\n\r\n${GOOD}`, 200],
  ["three empty lines before", `\r\n\r\n\r\n${GOOD}`, 400],
  ["an empty line with bare LF before", `\n${GOOD}`, 400],
  ["a bare CR before", `\r${GOOD}`, 400],
  ["an empty line with a space before", ` \r\n${GOOD}`, 400],
  ["obs-fold with a space", "GET / HTTP/1.1\r\nA: 1\r\n b\r\n\r\n", 400],
  ["obs-fold with a tab", "GET / HTTP/1.1\r\nA: 1\r\n\tb\r\n\r\n", 400],
  ["a space before the first field", "GET / HTTP/1.1\r\n A: 1\r\n\r\n", 400],
  ["bare LF after the request line", "GET / HTTP/1.1\nA: 1\r\n\r\n", 400],
  ["bare LF after a field", "GET / HTTP/1.1\r\nA: 1\n\r\n", 400],
  ["bare LF as the empty line", "GET / HTTP/1.1\r\nA: 1\r\n\n", 400],
  ["bare CR in a value", "GET / HTTP/1.1\r\nA: 1\rB: 2\r\n\r\n", 400],
  ["CR CR LF", "GET / HTTP/1.1\r\nA: 1\r\r\n\r\n", 400],
  ["NUL in a value", "GET / HTTP/1.1\r\nA: 1\0\r\n\r\n", 400],
  ["whitespace before the colon", "GET / HTTP/1.1\r\nA : 1\r\n\r\n", 400],
  ["no colon", "GET / HTTP/1.1\r\nA\r\n\r\n", 400],
  ["no name", "GET / HTTP/1.1\r\n: 1\r\n\r\n", 400],
  ["two spaces", "GET  / HTTP/1.1\r\n\r\n", 400],
  ["a tab", "GET\t/ HTTP/1.1\r\n\r\n", 400],
  ["a space at the end", "GET / HTTP/1.1 \r\n\r\n", 400],
  ["no version", "GET /\r\n\r\n", 400],
  ["no method", " / HTTP/1.1\r\n\r\n", 400],
  ["a version in lower case", "GET / http/1.1\r\n\r\n", 400],
  ["a version of three parts", "GET / HTTP/1.1.1\r\n\r\n", 400],
  ["a version of two digits", "GET / HTTP/1.10\r\n\r\n", 400],
  ["HTTP/2.0", "PRI * HTTP/2.0\r\n\r\n", 505],
  ["HTTP/0.9", "GET / HTTP/0.9\r\n\r\n", 505],
  ["HTTP/1.2", "GET / HTTP/1.2\r\n\r\n", 200],
];

for (const [name, text, status] of [...LIMITS, ...VECTORS]) {
  Deno.test(`HeadScanner and parseRequestHead() answer ${status} when given ${name}`, () => {
    assertEquals(statusOf(text), status);
  });
}

const TOKEN = /[!#$%&'*+.^_`|~\dA-Za-z-]/;

/** Places for each of 256 bytes, and the allowed bytes. */
const PLACES: [string, (byte: string) => string, RegExp][] = [
  ["method", (byte) => `G${byte}T / HTTP/1.1\r\n\r\n`, TOKEN],
  ["target", (byte) => `GET /${byte} HTTP/1.1\r\n\r\n`, /[\x21-\x7e]/],
  ["field name", (byte) => `G / HTTP/1.1\r\nA${byte}B: 1\r\n\r\n`, /[:]/],
  [
    "field value",
    (byte) => `G / HTTP/1.1\r\nA: 1${byte}2\r\n\r\n`,
    /[\t\x20-\x7e\x80-\xff]/,
  ],
];

for (const [place, put, allowed] of PLACES) {
  Deno.test(`parseRequestHead() handles all 256 bytes in a ${place}`, () => {
    for (let byte = 0; byte < 256; byte++) {
      const character = String.fromCharCode(byte);
      const isGood = allowed.test(character) ||
        place === "field name" && TOKEN.test(character);
      const status = statusOf(put(character));
      assertEquals(status, isGood ? 200 : 400, `byte ${byte}`);
    }
  });
}

const STATUS_LINES: [string, number | undefined, string][] = [
  ["HTTP/1.1 200 OK", 200, "OK"],
  ["HTTP/1.1 200 ", 200, ""],
  ["HTTP/1.1 200", 200, ""],
  ["HTTP/1.0 404 Not Found", 404, "Not Found"],
  ["HTTP/1.1 999 \xe9", 999, "\xe9"],
  ["HTTP/1.1 099 X", undefined, ""],
  ["HTTP/1.1 20 X", undefined, ""],
  ["HTTP/1.1 2000 X", undefined, ""],
  ["HTTP/1.1  200 X", undefined, ""],
  ["HTTP/2 200 X", undefined, ""],
  ["ICY 200 OK", undefined, ""],
  ["SSH-2.0-OpenSSH_9.2", undefined, ""],
];

for (const [text, status, reason] of STATUS_LINES) {
  Deno.test(`parseResponseHead() ${status === undefined ? "refuses" : "accepts"} ${JSON.stringify(text)}`, () => {
    const given = scan(`${text}\r\n\r\n`)!;
    if (status === undefined) {
      const error = assertThrows(() => parseResponseHead(given), HttpError);
      assertEquals((error as HttpError).status, 502);
    } else {
      const parsed = parseResponseHead(given);
      assertEquals([parsed.status, parsed.reason], [status, reason]);
    }
  });
}
