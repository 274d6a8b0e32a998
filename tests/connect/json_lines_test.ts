import { assertEquals } from "@std/assert";
import { jsonLines } from "../../lib/connect/json_lines.ts";

interface Outcome {
  lines: string[];
  refused: [number, string][];
}

/** Writes bytes in pieces of one length. */
async function pushAll(
  bytes: Uint8Array<ArrayBuffer>,
  piece: number,
  longest?: number,
): Promise<Outcome> {
  const outcome: Outcome = { lines: [], refused: [] };
  const { readable, writable } = jsonLines({
    onRefusal: (number, reason) => outcome.refused.push([number, reason]),
    ...(longest === undefined ? {} : { longest }),
  });
  const pieces = [];
  for (let at = 0; at < bytes.length; at += piece) {
    pieces.push(bytes.subarray(at, at + piece));
  }
  const writing = ReadableStream.from(pieces).pipeTo(writable);
  for await (const line of readable) {
    outcome.lines.push(new TextDecoder().decode(line));
  }
  await writing;
  return outcome;
}

const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("jsonLines() passes values unchanged, however the bytes are split", async () => {
  const values = [
    '{"a":1}',
    " [1, 2,\t3] \r",
    '"é\\u0000"',
    "12345678901234567890123",
    "null",
    "true",
    '{"a":1,"a":2}',
  ];
  const bytes = encode(values.join("\n")); // Without a line end at the end.
  for (let piece = 1; piece <= bytes.length; piece++) {
    const { lines, refused } = await pushAll(bytes, piece);
    assertEquals(lines, values.map((value) => `${value}\n`), `${piece}`);
    assertEquals(refused, []);
  }
});

Deno.test("jsonLines() refuses each line that is not a value, with its number", async () => {
  const cases: [line: string | number[], reason: RegExp][] = [
    ["", /^it is empty$/],
    [" \t\r", /^it is empty$/],
    ["nope", /^it is not JSON: .*nope/],
    ["{", /^it is not JSON: /],
    ["{} {}", /^it is not JSON: /],
    ["'a'", /^it is not JSON: /],
    ["NaN", /^it is not JSON: /],
    ["\u{feff}1", /^it is not JSON: /],
    ['"\u0001"', /^it is not JSON: /],
    [[0x22, 0xff, 0x22], /^it is not UTF-8$/],
    [[0x22, 0xc3], /^it is not UTF-8$/],
  ];
  for (const [line, reason] of cases) {
    const middle = typeof line === "string" ? encode(line) : line;
    const bytes = Uint8Array.from([
      ...encode("1\n"),
      ...middle,
      ...encode("\n2\n"),
    ]);
    const { lines, refused } = await pushAll(bytes, 3);
    assertEquals(lines, ["1\n", "2\n"], JSON.stringify(line));
    assertEquals(refused.length, 1);
    assertEquals(refused[0]![0], 2);
    assertEquals(reason.test(refused[0]![1]), true, refused[0]![1]);
  }
});

Deno.test("jsonLines() refuses a line that is too long and accepts the next", async () => {
  const bytes = encode(`"12345678"\n"123456789"\n${"x".repeat(99)}\n1\n`);
  for (const piece of [1, 7, 1000]) {
    const { lines, refused } = await pushAll(bytes, piece, 10);
    assertEquals(lines, ['"12345678"\n', "1\n"]);
    assertEquals(refused, [
      [2, "it is longer than 10 bytes"],
      [3, "it is longer than 10 bytes"],
    ]);
  }
});
