import { assertEquals, assertThrows } from "@std/assert";
import { parseCases } from "../../../lib/policy/rules/case_table.ts";
import { RulesError } from "../../../lib/policy/rules/error.ts";

Deno.test("parseCases() asks one question for each value of a list", () => {
  const cases = parseCases(
    "port target expect user\n80,443 a.example,[::1] deny ann,-\n",
    "c.txt",
  );
  assertEquals(cases.length, 8);
  assertEquals(cases[0], {
    place: "c.txt:2",
    port: 80,
    target: "a.example",
    expect: "deny",
    user: "ann",
  });
  assertEquals(cases[7], {
    place: "c.txt:2",
    port: 443,
    target: "::1",
    expect: "deny",
    user: { nobody: true },
  });
});

const ROWS: readonly (readonly [table: string, told: string])[] = [
  ["", "c.txt:1:1: expected a table"],
  ["# none\n", "c.txt:1:1: expected a table"],
  ["expect target\n", "c.txt:1:1: expected a table"],
  [
    "expect tarjet\n",
    "c.txt:1:8: 'tarjet' is not a column: expected expect, user",
  ],
  ["expect port\n", "c.txt:1:1: expected a column 'target'"],
  ["target port\n", "c.txt:1:1: expected a column 'expect'"],
  ["expect target target\n", "c.txt:1:1: column 'target' is given twice"],
  ["expect target\nallow a:80 x\n", "c.txt:2:12: expected no more columns"],
  [
    "expect target\nmaybe a:80\n",
    "c.txt:2:1: expected allow or deny, not 'maybe'",
  ],
  ["expect target\nallow a\n", "c.txt:2:1: expected a port"],
  [
    "expect target port\nallow a 0\n",
    "c.txt:2:9: '0' is not a port from 1 to 65535",
  ],
  ["expect target\nallow -\n", "c.txt:2:1: expected a verdict and a target"],
  ["expect target\nallow a b:80\n", "c.txt:2:9: expected no more columns"],
  [
    "expect target time\nallow a:80 noon\n",
    "c.txt:2:12: 'noon' is not a time such as",
  ],
  [
    "expect target client\nallow a:80 x\n",
    "c.txt:2:12: 'x' is not an IP address",
  ],
  [
    "expect target command\nallow a:80 get\n",
    "c.txt:2:12: 'get' is not a command",
  ],
  [
    "expect target\nallow 256.1.1.1:80\n",
    "c.txt:2:7: '256.1.1.1' is not an IPv4 address",
  ],
  [
    "expect target\nallow ::1:80:::\n",
    "c.txt:2:7: '::1:80:::' is not an IP address",
  ],
  ['expect user target\nallow "a a:80\n', "c.txt:2:7: the quote is not closed"],
];

for (const [table, told] of ROWS) {
  Deno.test(`parseCases() refuses ${JSON.stringify(table)}`, () => {
    const error = assertThrows(() => parseCases(table, "c.txt"), RulesError);
    assertEquals(error.message.slice(0, told.length), told);
  });
}

Deno.test("parseCases() bounds how many questions a table asks", () => {
  const ports = Array.from({ length: 400 }, (_, n) => n + 1).join();
  const users = Array.from({ length: 400 }, (_, n) => `u${n}`).join();
  const table = `expect target port user\nallow a ${ports} ${users}\n`;
  const error = assertThrows(() => parseCases(table, "c.txt"), RulesError);
  assertEquals(error.message, "c.txt:2:1: expected at most 100000 questions");
});
