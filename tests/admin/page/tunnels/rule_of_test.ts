import { assert, assertEquals } from "@std/assert";
import {
  addressOf,
  ruleOf,
  type RuleSubject,
} from "../../../../lib/admin/page/tunnels/rule_of.ts";
import {
  parseRules,
  ruleOption,
} from "../../../../lib/policy/rules/parse_rules.ts";

const CLIENT = "10.0.0.9:40000";

Deno.test("ruleOf() writes a rule that Sluice can read", () => {
  const cases: [subject: Partial<RuleSubject>, rule: string][] = [
    [
      { user: "alice", target: "api.example.com:443" },
      "deny user alice name api.example.com port 443",
    ],
    [{ target: "192.0.2.1:22" }, "deny client 10.0.0.9 to 192.0.2.1 port 22"],
    [
      { client: "[fd00::7]:4", target: "[2001:db8::17]:443" },
      "deny client fd00::7 to 2001:db8::17 port 443",
    ],
    [
      { user: "bob, the builder", target: "db.example:5432" },
      'deny user "bob, the builder" name db.example port 5432',
    ],
    // In quotes, these are literal.
    [{ user: "*", target: "a.b:1" }, 'deny user "*" name a.b port 1'],
    [{ user: "-", target: "a.b:1" }, 'deny user "-" name a.b port 1'],
    // The target of a relay is its own upstream.
    [
      { kind: "forward", target: "10.0.0.5:5432" },
      "deny client 10.0.0.9",
    ],
  ];
  for (const [subject, rule] of cases) {
    const whole: RuleSubject = { kind: "proxy", client: CLIENT, ...subject };
    assertEquals(ruleOf(whole), rule);
    parseRules([ruleOption([rule])]);
  }
});

Deno.test("ruleOf() prevents clients from injecting another rule", () => {
  const hostile: Partial<RuleSubject>[] = [
    { user: 'alice" to 0.0.0.0/0 "' },
    { user: "alice\ndefault allow" },
    { user: "" },
    { target: "a.example, b.example:80" },
    { target: "*.example:80" },
    { target: "/.*/:80" },
    { target: ".example:80" },
    { target: "no port" },
    { target: "<img>:80" },
  ];
  for (const subject of hostile) {
    const target = "a.example:80";
    const whole = {
      kind: "proxy",
      client: CLIENT,
      target,
      ...subject,
    } as const;
    assertEquals(ruleOf(whole), undefined, JSON.stringify(subject));
  }
  assert(ruleOf({ kind: "proxy", client: CLIENT, target: "a.example:80" }));
});

Deno.test("addressOf() returns an address as bans and rules write it", () => {
  assertEquals(
    ["10.0.0.9:40000", "[fd00::7]:1", "[fe80::1%eth0]:1", "unix:/run/s"].map(
      addressOf,
    ),
    ["10.0.0.9", "fd00::7", "fe80::1", "unix"],
  );
});
