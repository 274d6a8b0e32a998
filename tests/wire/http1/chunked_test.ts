import { assertEquals } from "@std/assert";
import { HttpError } from "../../../lib/wire/http1/http_error.ts";
import {
  ChunkedScanner,
  MOST_SIZE_LINE,
} from "../../../lib/wire/http1/chunked.ts";

const GOOD = "5;a=b\r\nhello\r\n00A\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n";

function encode(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/**
 * The data of a body, the status of a refusal, or `undefined` for a partial
 * body.
 */
function scan(text: string): string | number | undefined {
  const scanner = new ChunkedScanner();
  let data = "";
  try {
    scanner.push(encode(text), (piece) => {
      data += String.fromCharCode(...piece);
    });
  } catch (error) {
    if (error instanceof HttpError) return error.status;
    throw error;
  }
  return scanner.isDone ? data : undefined;
}

Deno.test("ChunkedScanner takes exactly the body, however the bytes are split", () => {
  const bytes = encode(GOOD + "rest");
  for (let cut = 0; cut <= GOOD.length; cut++) {
    const scanner = new ChunkedScanner();
    let data = "";
    const take = (piece: Uint8Array) => {
      data += String.fromCharCode(...piece);
    };
    const first = scanner.push(bytes.subarray(0, cut), take);
    assertEquals(scanner.isDone, cut === GOOD.length, `cut ${cut}`);
    assertEquals(first + scanner.push(bytes.subarray(cut), take), GOOD.length);
    assertEquals(data, "hello0123456789");
  }
});

const extension = (length: number) => `0;${"x".repeat(length - 2)}\r\n\r\n`;

const BODIES: [name: string, text: string, result: string | number][] = [
  ["an empty body", "0\r\n\r\n", ""],
  ["many zeros", "000\r\n\r\n", ""],
  [
    "upper-case and lower-case digits",
    "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n",
    "01234567890123456789",
  ],
  ["trailers", "0\r\nA: 1\r\nB: 2\r\n\r\n", ""],
  ["a whole size line", extension(MOST_SIZE_LINE), ""],
  ["a size line that is too long", extension(MOST_SIZE_LINE + 1), 400],
  ["a size over 64 bits", "10000000000000005\r\nhello\r\n0\r\n\r\n", 400],
  ["a size over 53 bits", "20000000000000\r\n", 400],
  ["sixteen f", "ffffffffffffffff\r\n", 400],
  ["a negative size", "-1\r\n", 400],
  ["a sign", "+5\r\nhello\r\n0\r\n\r\n", 400],
  ["0x", "0x5\r\nhello\r\n0\r\n\r\n", 400],
  ["an underscore", "0_5\r\nhello\r\n0\r\n\r\n", 400],
  ["no size", "\r\n", 400],
  ["a space before the size", " 5\r\nhello\r\n0\r\n\r\n", 400],
  ["a space after the size", "5 \r\nhello\r\n0\r\n\r\n", 400],
  ["junk after the size", "5 x\r\nhello\r\n0\r\n\r\n", 400],
  ["bare LF after the size", "5\nhello\r\n0\r\n\r\n", 400],
  ["bare LF in an extension", "5;a\nhello\r\n0\r\n\r\n", 400],
  ["bare CR in an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n", 400],
  ["NUL in an extension", "5;\0\r\nhello\r\n0\r\n\r\n", 400],
  ["data that is too long", "5\r\nhello!\r\n0\r\n\r\n", 400],
  ["bare LF after the data", "5\r\nhello\n0\r\n\r\n", 400],
  ["bare CR after the data", "5\r\nhello\r0\r\n\r\n", 400],
  ["two letters instead of CRLF", "5\r\nhelloXX0\r\n\r\n", 400],
  ["a trailer without a colon", "0\r\nGET / HTTP/1.1\r\n\r\n", 400],
  ["obs-fold in trailers", "0\r\nA: 1\r\n b\r\n\r\n", 400],
  ["Content-Length as a trailer", "0\r\nContent-Length: 5\r\n\r\n", 400],
  ["Transfer-Encoding as a trailer", "0\r\nTransfer-Encoding: x\r\n\r\n", 400],
  ["too many trailers", `0\r\n${"A: 1\r\n".repeat(101)}\r\n`, 431],
];

for (const [name, text, result] of BODIES) {
  const does = typeof result === "string" ? "accepts" : `answers ${result} for`;
  Deno.test(`ChunkedScanner ${does} ${name}`, () => {
    assertEquals(scan(text), result);
  });
}

Deno.test("ChunkedScanner handles all 256 bytes as a size", () => {
  for (let byte = 0; byte < 256; byte++) {
    const digit = String.fromCharCode(byte);
    const size = /[\da-f]/i.test(digit) ? parseInt(digit, 16) : undefined;
    const data = "x".repeat(size ?? 0);
    const body = size === 0
      ? `${digit}\r\n\r\n`
      : `${digit}\r\n${data}\r\n0\r\n\r\n`;
    assertEquals(scan(body), size === undefined ? 400 : data, `byte ${byte}`);
  }
});
