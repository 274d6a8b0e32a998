import { assertEquals, assertThrows } from "@std/assert";
import type { Question } from "../../../lib/policy/rules/question.ts";
import type { Verdict } from "../../../lib/policy/rules/rules.ts";
import { RulesError } from "../../../lib/policy/rules/error.ts";
import { parseIpAddress } from "../../../lib/wire/ip_address.ts";
import { rulesOf } from "../../support/rules.ts";

const LISTENER = { ip: parseIpAddress("127.0.0.1")!, port: 1080 };

function question(name: string | undefined, user?: string): Question {
  return {
    client: parseIpAddress("192.0.2.1"),
    user,
    listener: LISTENER,
    command: "connect",
    target: { name, port: 443 },
    isGuarded: false,
  };
}

/** Rules, who asks for what, and what the verdict says. */
const ROWS: readonly (readonly [
  rules: string,
  name: string,
  isAllowed: boolean,
  rule: string,
  wouldDeny: string | undefined,
])[] = [
  ["x: report deny name a.test", "a.test", true, "default", "x"],
  ["x: report deny name a.test", "b.test", true, "default", undefined],
  ["x: report deny\ny: deny name a.test", "a.test", false, "y", undefined],
  ["x: report deny\ny: allow name a.test", "a.test", true, "y", "x"],
  ["y: allow name a.test\nx: report deny", "a.test", true, "y", undefined],
  ["x: report deny\ny: report deny", "a.test", true, "default", "x"],
  ["report default deny", "a.test", true, "default", "default"],
  ["y: allow name a.test\nreport default deny", "a.test", true, "y", undefined],
  ["x: report deny\ndefault deny", "a.test", false, "default", undefined],
];

for (const [lines, name, isAllowed, rule, wouldDeny] of ROWS) {
  Deno.test(`Rules only report with ${JSON.stringify(lines)} for ${name}`, () => {
    const verdict = rulesOf(lines).decideName(question(name))!;
    assertEquals(
      [verdict.isAllowed, verdict.rule, verdict.wouldDeny?.rule],
      [isAllowed, rule, wouldDeny],
    );
  });
}

Deno.test("Rules in report mode let everything through and say what they would deny", () => {
  const rules = rulesOf(
    "x: deny name a.test\ny: allow name a.test,b.test\ndefault deny",
    { isReport: true },
  );
  const told = (name: string) => {
    const { isAllowed, rule, wouldDeny } = rules.decideName(question(name))!;
    return [isAllowed, rule, wouldDeny?.rule];
  };
  assertEquals(told("a.test"), [true, "y", "x"]);
  assertEquals(told("b.test"), [true, "y", undefined]);
  assertEquals(told("c.test"), [true, "default", "default"]);
  assertEquals(rules.isOpen, false);
  assertEquals(rules.list(false).map(({ text }) => text), [
    "report deny name a.test",
    "allow name a.test,b.test",
    "report deny",
  ]);
});

Deno.test("Rules in report mode keep the address guard", () => {
  const rules = rulesOf("deny to loopback", { isReport: true });
  const guarded = { ...question(undefined), isGuarded: true };
  const ip = parseIpAddress("127.0.0.1")!;
  const { isAllowed, rule } = rules.decideAddress(guarded, ip);
  assertEquals([isAllowed, rule], [false, "guard"]);
});

Deno.test("Rules report by address what depends on it", () => {
  const rules = rulesOf("x: report deny to 192.0.2.0/24");
  assertEquals(rules.decideName(question("a.test")), undefined);
  const near = parseIpAddress("192.0.2.7")!;
  const verdict: Verdict = rules.decideAddress(question("a.test"), near);
  assertEquals([verdict.isAllowed, verdict.wouldDeny?.rule], [true, "x"]);
});

Deno.test("Rules tell the message of what denies", () => {
  const rules = rulesOf(
    'x: deny name a.test message "Ask the help desk, room 5"\ndefault deny message "Not on the list"',
  );
  assertEquals(
    rules.decideName(question("a.test"))!.reason,
    "Denied by rule x: Ask the help desk, room 5",
  );
  assertEquals(
    rules.decideName(question("b.test"))!.reason,
    "Denied by default: no rule allows it: Not on the list",
  );
  assertEquals(rules.list(false).map(({ text }) => text), [
    'deny name a.test message "Ask the help desk, room 5"',
    'deny message "Not on the list"',
  ]);
});

Deno.test("Rules tell which one lets any protocol through", () => {
  const rules = rulesOf("allow any-protocol name a.test\nallow name b.test");
  const told = (name: string) =>
    rules.decideName(question(name))!.isAnyProtocol;
  assertEquals([told("a.test"), told("b.test")], [true, undefined]);
});

/** Lines that are wrong, and what is said of them. */
const WRONG: readonly (readonly [line: string, problem: string])[] = [
  ["report allow", "8: expected deny after 'report', not 'allow'"],
  ["report default allow", "16: expected deny after 'report', not 'allow'"],
  ["report", "7: expected allow or deny"],
  ["report report deny", "8: expected allow or deny, not 'report'"],
  ["report default", "15: expected default allow or default deny"],
  [
    "default deny any-protocol",
    "14: expected nothing after the default, except a message",
  ],
  [
    'default allow message "a"',
    "15: expected no 'message': only rules that deny can have one",
  ],
  [
    'allow message "a"',
    "7: expected no 'message': only rules that deny can have one",
  ],
  [
    "deny message a",
    '14: expected one text in quotes, as in message "Ask the help desk"',
  ],
  [
    'deny message "a","b"',
    '18: expected one text in quotes, as in message "Ask the help desk"',
  ],
  ["deny message", "13: expected values for 'message'"],
  ['deny message ""', "14: expected a text without control characters"],
  [
    `deny message "${"a".repeat(201)}"`,
    "14: the message has 201 characters; at most 200 are allowed",
  ],
  [
    "deny any-protocol",
    "6: expected no 'any-protocol': only rules that allow can have it",
  ],
  ["allow any-protocol any-protocol", "20: 'any-protocol' is given twice"],
  ["allow not any-protocol", "11: expected a condition"],
  [
    "name-mismatch: deny",
    "1: 'name-mismatch' is not a label",
  ],
];

for (const [line, problem] of WRONG) {
  Deno.test(`parseRules() says what is wrong with ${line.slice(0, 40)}`, () => {
    const error = assertThrows(() => rulesOf(line), RulesError);
    const [{ message, place }] = error.problems as [RulesError["problems"][0]];
    const column = place.replace(/^.*column /, "");
    assertEquals(`${column}: ${message}`.slice(0, problem.length), problem);
  });
}
