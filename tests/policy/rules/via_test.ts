import { assertEquals, assertThrows } from "@std/assert";
import { RulesError } from "../../../lib/policy/rules/error.ts";
import { rulesOf } from "../../support/rules.ts";
import { parseIpAddress } from "../../../lib/wire/ip_address.ts";

const PARENTS = new Set(["tor", "office"]);

function question(name: string) {
  return {
    client: parseIpAddress("127.0.0.1")!,
    user: undefined,
    listener: { ip: parseIpAddress("127.0.0.1")!, port: 1080 },
    command: "connect" as const,
    target: { name, port: 443 },
    isGuarded: false,
  };
}

Deno.test("Rules tell the parent that the deciding rule names", () => {
  const rules = rulesOf(
    [
      "onions: allow name *.onion via tor",
      "allow name *.office.example via office port 443",
      "allow name here.example via direct",
      "allow name plain.example",
    ].join("\n"),
    { parents: PARENTS },
  );
  const cases = [
    ["a.onion", "tor"],
    ["a.office.example", "office"],
    ["here.example", "direct"],
    ["plain.example", undefined],
    ["other.example", undefined],
  ] as const;
  const ip = parseIpAddress("192.0.2.1")!;
  for (const [name, via] of cases) {
    assertEquals(rules.decideName(question(name))?.via, via, name);
    assertEquals(rules.decideAddress(question(name), ip).via, via, name);
  }
  assertEquals(rules.list(false)[0]!.text, "allow name *.onion via tor");
});

Deno.test("parseRules() says what is wrong with 'via'", () => {
  const cases = [
    [
      "allow via nobody",
      "'nobody' is not a parent: expected direct, tor, office",
    ],
    [
      "deny via tor",
      "expected no 'via': a rule that denies sends nothing anywhere",
    ],
    ["allow via tor,office", "expected one parent"],
    ["allow not via tor", "expected a condition"],
    ["allow via", "expected values for 'via'"],
    ["allow via tor via office", "'via' is given twice"],
  ];
  for (const [line, why] of cases) {
    assertThrows(() => rulesOf(line!, { parents: PARENTS }), RulesError, why);
  }
});
