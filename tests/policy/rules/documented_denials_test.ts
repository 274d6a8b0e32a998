import { assertEquals, assertThrows } from "@std/assert";
import type { Question } from "../../../lib/policy/rules/question.ts";
import { RulesError } from "../../../lib/policy/rules/error.ts";
import { parseIpAddress } from "../../../lib/wire/ip_address.ts";
import { rulesOf } from "../../support/rules.ts";

/** The ACL that Smokescreen documents, as rules: its services are users. */
const SMOKESCREEN = `
allow user enforcing name one.example,two.example,bad1.example
allow user reporting name three.example
allow user globbing name *.glob.example
deny name bad1.example,bad2.example,conflict.example
allow name good1.example,good2.example,conflict.example
deny user enforcing,globbing
report deny user reporting
allow user reporting,open
allow name default.example
default deny`;

/** The domains that gh-aw-firewall's tests allow, as rules. */
const GH_AW = `
deny name blocked.allowed.example
allow name .allowed.example,*.wild.example port 80,443
default deny`;

/** Who asks for what, and whether that is allowed, denied or reported. */
const ROWS: readonly (readonly [
  rules: string,
  user: string | undefined,
  name: string,
  port: number,
  answer: "allow" | "deny" | "report",
])[] = [
  [SMOKESCREEN, "enforcing", "one.example", 443, "allow"],
  [SMOKESCREEN, "enforcing", "www.one.example", 443, "deny"],
  [SMOKESCREEN, "reporting", "three.example", 443, "allow"],
  [SMOKESCREEN, "reporting", "one.example", 443, "report"],
  [SMOKESCREEN, "open", "anything.example", 443, "allow"],
  [SMOKESCREEN, "globbing", "other.example", 443, "deny"],
  [SMOKESCREEN, "globbing", "glob.example", 443, "deny"],
  [SMOKESCREEN, "globbing", "api.glob.example", 443, "allow"],
  [SMOKESCREEN, undefined, "nope.example", 443, "deny"],
  [SMOKESCREEN, undefined, "default.example", 443, "allow"],
  [SMOKESCREEN, "enforcing", "good1.example", 443, "allow"],
  [SMOKESCREEN, undefined, "good2.example", 443, "allow"],
  [SMOKESCREEN, "enforcing", "bad1.example", 443, "allow"],
  [SMOKESCREEN, "reporting", "bad1.example", 443, "deny"],
  [SMOKESCREEN, undefined, "bad2.example", 443, "deny"],
  [SMOKESCREEN, "open", "bad2.example", 443, "deny"],
  [SMOKESCREEN, "open", "conflict.example", 443, "deny"],
  [GH_AW, undefined, "allowed.example", 443, "allow"],
  [GH_AW, undefined, "API.ALLOWED.EXAMPLE", 443, "allow"],
  [GH_AW, undefined, "api.allowed.example.", 443, "allow"],
  [GH_AW, undefined, "blocked.allowed.example", 443, "deny"],
  [GH_AW, undefined, "notallowed.example", 443, "deny"],
  [GH_AW, undefined, "wild.example", 443, "deny"],
  [GH_AW, undefined, "notwild.example", 443, "deny"],
  [GH_AW, undefined, "x.wild.example", 443, "allow"],
  [GH_AW, undefined, "other.example", 443, "deny"],
  [GH_AW, undefined, "dns.google", 443, "deny"],
  [GH_AW, undefined, "metadata.google.internal", 80, "deny"],
  [GH_AW, undefined, "allowed.example", 22, "deny"],
  [GH_AW, undefined, "allowed.example", 3306, "deny"],
  [GH_AW, undefined, "allowed.example", 5432, "deny"],
  [GH_AW, undefined, "allowed.example", 6379, "deny"],
  [GH_AW, undefined, "allowed.example", 27017, "deny"],
  [GH_AW, undefined, "allowed.example", 3389, "deny"],
  [GH_AW, undefined, "allowed.example", 8080, "deny"],
];

for (const [lines, user, name, port, answer] of ROWS) {
  const which = lines === SMOKESCREEN ? "Smokescreen" : "gh-aw-firewall";
  Deno.test(`rules answer ${answer} to ${user ?? "anyone"} for ${name}:${port}, as ${which} documents`, () => {
    const question: Question = {
      client: parseIpAddress("127.0.0.1"),
      user,
      listener: { ip: parseIpAddress("127.0.0.1")!, port: 1080 },
      command: "connect",
      target: { name, port },
      isGuarded: false,
    };
    const rules = rulesOf(lines.trim());
    const { isAllowed, wouldDeny } = rules.decideName(question)!;
    const found = !isAllowed
      ? "deny"
      : wouldDeny === undefined
      ? "allow"
      : "report";
    assertEquals(found, answer);
  });
}

for (
  const host of [
    "api.*.example.com",
    "*example.com",
    "ex*ample.com",
    "example.*",
  ]
) {
  Deno.test(`a rule takes no name ${host}, as Smokescreen documents`, () => {
    assertThrows(() => rulesOf(`allow name ${host}`), RulesError, "'*' begins");
  });
}
