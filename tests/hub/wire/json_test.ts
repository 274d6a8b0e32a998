import { assert, assertEquals } from "@std/assert";
import { jsonDialect, readHubJson } from "../../../lib/hub/wire/json.ts";
import { bytesOf, decodeAll, show, textOf } from "../../support/hub_frames.ts";

const dialect = jsonDialect({ mostBytes: 40, names: false });
const named = jsonDialect({ mostBytes: 40, names: true });

const FOR_HUB = 'problem: Not sent: the key "hub" is for commands to the hub';

const CASES: [name: string, text: string, frames: string[]][] = [
  ["values of every kind", '{"a":1}\n[1]\r\n"x"\n1e999\ntrue\nnull\n', [
    'message: {"a":1}',
    "message: [1]",
    'message: "x"',
    "message: 1e999",
    "message: true",
    "message: null",
  ]],
  ["numbers that a double can't hold", "12345678901234567890.10\n", [
    "message: 12345678901234567890.10",
  ]],
  ["a lone surrogate, which is valid JSON", '"\\ud800"\n{"hub":"/\\ud800"}\n', [
    'message: "\\ud800"',
    "command: /\ud800",
  ]],
  ["empty lines", "\n\r\n1\n", ["message: 1"]],
  ["a command", '{"hub":"/name x"}\n', ["command: /name x"]],
  ["a command in escapes", '{"\\u0068ub":"/who"}\n', ["command: /who"]],
  ["values that look like notices of the hub", '{"hub":"ping"}\n', [FOR_HUB]],
  ["the same key in another letter case", '{"HUB":"/x"}\n{"x":0,"Hub":1}\n', [
    FOR_HUB,
    FOR_HUB,
  ]],
  ["the key inside a value", '[{"hub":1}]\n', ['message: [{"hub":1}]']],
  ["a value that is too long", `"${"x".repeat(39)}"\n1\n`, [
    "problem: Not sent: a message has 40 bytes at most",
    "message: 1",
  ]],
  ["a line without an end", "1\n2", [
    "message: 1",
    "problem: Not sent: the last line has no end",
  ]],
];

for (const [name, text, frames] of CASES) {
  Deno.test(`jsonDialect() decodes ${name}, however the bytes are split`, () => {
    for (let cut = 0; cut <= text.length; cut++) {
      const parts = [text.slice(0, cut), text.slice(cut)];
      assertEquals(decodeAll(dialect.decoder(), parts), frames);
    }
  });
}

Deno.test("jsonDialect() refuses invalid JSON and continues", () => {
  const wrong = [
    ...["{", "}", "nul", "'x'", "1 2", '{"a":1,}', "NaN", "\x00"],
    ...["\xff", '"\xff"', "\xef\xbb\xbf1", "[".repeat(40)],
  ];
  for (const text of wrong) {
    const [first, ...rest] = decodeAll(dialect.decoder(), [`${text}\n1\n`]);
    assert(first!.startsWith("problem: Not sent: not JSON: "), first);
    assertEquals(rest, ["message: 1"], text);
  }
});

Deno.test("readHubJson() writes a value on one line without changing it", () => {
  const frame = readHubJson(bytesOf('{\n  "a":\r\n 1.50 }'));
  assertEquals(show(frame), 'message: {   "a":   1.50 }');
});

Deno.test("jsonDialect() encodes messages, names and notices", () => {
  const message = { from: 'a"b', bytes: bytesOf("1.0") };
  assertEquals(textOf(dialect.encodeMessage(message)), "1.0\n");
  const line = textOf(named.encodeMessage(message));
  assertEquals(line, '{"from":"a\\"b","value":1.0}\n');
  assertEquals(textOf(dialect.encodeNotice('"')), '{"hub":"\\""}\n');
  assertEquals(textOf(dialect.heartbeat), '{"hub":"ping"}\n');
});
