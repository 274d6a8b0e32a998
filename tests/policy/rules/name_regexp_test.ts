import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  loadNameRegexps,
  NameRegexp,
} from "../../../lib/policy/rules/name_regexp.ts";
import { seededRandom } from "../../support/random.ts";

await loadNameRegexps();

const NAME_REGEXP = import.meta.resolve(
  "../../../lib/policy/rules/name_regexp.ts",
);

const ROWS: readonly (readonly [text: string, yes: string, no: string])[] = [
  ["ad", "my-ads.test", "a.d"],
  ["^ad", "ads.test", "my-ads.test"],
  ["test$", "a.test", "a.test.b"],
  ["^a.b$", "a.b a-b axb", "a.b.c ab"],
  ["^a\\.b$", "a.b", "axb"],
  ["^[a-c]+$", "abcabc", "abd"],
  ["^[^a-c.]+$", "xyz", "xa x.y"],
  ["^[-a]+$", "a-a", "b"],
  ["^[\\d.]+$", "127.1 10.0.0.1", "0x7f.1"],
  ["^a?b*c+$", "c ac bbc abccc", "ab aac"],
  ["^a{2}$", "aa", "a aaa"],
  ["^a{2,}$", "aa aaaa", "a"],
  ["^a{1,3}$", "a aa aaa", "aaaa"],
  ["^a{0}b$", "b", "ab"],
  ["^(a|bc)+$", "a bc abca", "b ac2"],
  ["^(?:a|bc|)$", "a bc", "b"],
  ["^\\w+$", "a_1", "a-1"],
  ["^(a*)*$", "a aaa", "b"],
  ["(^|\\.)ads?\\.", "ad.test a.ads.test", "bad.test"],
  ["ADS", "ads", "AD"],
  ["^\\D+$", "a-b", "a1"],
];

Deno.test("NameRegexp.test() finds what the expression says, and nothing else", () => {
  for (const [text, yes, no] of ROWS) {
    const regexp = new NameRegexp(text);
    for (const name of yes.split(" ")) {
      assert(regexp.test(name), `${text} ${name}`);
    }
    for (const name of no.split(" ")) {
      assert(!regexp.test(name), `${text} ${name}`);
    }
  }
});

const ATOMS = [
  "a",
  "b",
  "x",
  "1",
  "-",
  "\\.",
  "[a-c]",
  "[^ab]",
  "\\d",
  "\\w",
  ".",
  "^",
  "$",
];
const QUANTIFIERS = ["", "", "", "", "*", "+", "?", "{2}", "{1,2}", "{0,}"];

Deno.test("NameRegexp.test() agrees with RegExp over random expressions", () => {
  const random = makeRandom(42);
  const pick = <T>(list: readonly T[]) => list[random(list.length)]!;
  function expression(depth: number): string {
    return Array.from({ length: 1 + random(3) }, () => {
      if (depth > 0 && random(3) === 0) {
        const more = random(2) === 0 ? `|${expression(depth - 1)}` : "";
        return `(${expression(depth - 1)}${more})${pick(QUANTIFIERS)}`;
      }
      const atom = pick(ATOMS);
      return atom === "^" || atom === "$" ? atom : atom + pick(QUANTIFIERS);
    }).join("");
  }
  for (let n = 0; n < 1_000; n++) {
    const text = expression(2);
    const regexp = new NameRegexp(text);
    const expected = new RegExp(text);
    for (let m = 0; m < 20; m++) {
      const name = Array.from({ length: random(9) }, () => pick([..."abcx1-."]))
        .join("");
      assertEquals(regexp.test(name), expected.test(name), `${text} ${name}`);
    }
  }
});

Deno.test("NameRegexp.test() takes no longer for what makes others spin", () => {
  const name = "a".repeat(252) + "!";
  for (
    const text of [
      "^(a+)+$",
      "^(a|a)*$",
      "^(a|aa)+$",
      "(.*)(.*)(.*)(.*)(.*)x$",
      "(a?){100}a{100}b",
    ]
  ) {
    const regexp = new NameRegexp(text);
    const start = performance.now();
    assertEquals(regexp.test(name), false, text);
    assert(performance.now() - start < 10_000, text);
  }
});

Deno.test("NameRegexp.test() stays right when it has forgotten what it had learned", () => {
  // More sets of states than are remembered.
  for (const text of ["^.*a.{12}$", "^.*a.{30}$"]) {
    const regexp = new NameRegexp(text);
    const random = makeRandom(7);
    for (let n = 0; n < 500; n++) {
      const name = Array.from({ length: 40 }, () => "ab"[random(2)]).join("");
      assertEquals(regexp.test(name), new RegExp(text).test(name), name);
    }
  }
});

Deno.test("NameRegexp keeps its memory small when it learns from every name", async () => {
  // Every character leads to a new set of 100 states: 30,000 of them would
  // take more than this heap, of which the bounded ones need half.
  const program = `
    import { loadNameRegexps, NameRegexp } from ${JSON.stringify(NAME_REGEXP)};
    await loadNameRegexps();
    const regexp = new NameRegexp("^.*a.{200}$");
    let bits = 1;
    for (let n = 0; n < 120; n++) {
      const name = Array.from({ length: 253 }, () => {
        bits = bits >>> 1 ^ (bits & 1 ? 0xb4bcd35c : 0);
        return "ab"[bits & 1];
      });
      regexp.test(name.join(""));
    }
  `;
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", "--v8-flags=--max-old-space-size=24", program],
    cwd: import.meta.dirname!,
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
});

Deno.test("NameRegexp refuses what is too large, in no time", () => {
  const started = performance.now();
  for (
    const text of [
      "a{1000}".repeat(36),
      "\\pL{999}".repeat(28),
      "(".repeat(256),
    ]
  ) {
    assertThrows(() => new NameRegexp(text), SyntaxError, "regular expression");
  }
  assert(performance.now() - started < 10_000);
});

function makeRandom(start: number): (below: number) => number {
  const next = seededRandom(start);
  return (below) => Math.floor(next() * below);
}
