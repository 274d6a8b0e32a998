import { assertEquals } from "@std/assert";
import { describeRule } from "../../../lib/policy/rules/describe_rule.ts";
import { rulesOf } from "../../support/rules.ts";

const ROWS: readonly (readonly [rule: string, words: string])[] = [
  ["deny", "Keeps everyone from reaching anything."],
  [
    "allow user ann,- port 80,443",
    "Lets ann or clients without a name reach anything on port 80 or 443.",
  ],
  [
    "deny not user * client 10.0.0.0/8,unix",
    "Keeps everyone but everyone with a name at 10.0.0.0/8 or a Unix socket from reaching anything.",
  ],
  [
    "allow name a.example,*.b.example,.c.example,/^d/ not to private",
    "Lets everyone reach a.example, names below b.example, c.example and names below it or names that match /^d/ at any address but private.",
  ],
  [
    "deny command udp,http not port 53 listener 1080 not name *",
    "Keeps everyone from reaching anything but any name on any but port 53 by UDP or HTTP requests without CONNECT through listener 1080.",
  ],
  [
    "allow to 10.0.0.1 day mon-fri not time 12:00-13:00 zone UTC via direct",
    "Lets everyone reach address 10.0.0.1 on mon-fri except at 12:00-13:00 (UTC) without a parent.",
  ],
  [
    'report deny user bob message "Ask first"',
    'Reports instead of keeping bob from reaching anything and says "Ask first".',
  ],
  [
    "allow port 22 any-protocol",
    "Lets everyone reach anything on port 22 in any protocol.",
  ],
  [
    "allow not client ::1 day sun via corp",
    "Lets everyone anywhere but at ::1 reach anything on sun (this machine's time) by parent corp.",
  ],
];

for (const [rule, words] of ROWS) {
  Deno.test(`describeRule() says what '${rule}' does`, () => {
    const [parsed] = rulesOf(rule, { parents: "any" }).rules;
    assertEquals(describeRule(parsed!), words);
  });
}
