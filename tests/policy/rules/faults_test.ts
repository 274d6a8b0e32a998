import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { findFaults } from "../../../lib/policy/rules/faults.ts";
import { rulesOf } from "../../support/rules.ts";

/** Each mistake: rules, the number of the wrong one, and what is told of it. */
const MISTAKES: readonly (readonly [
  name: string,
  rules: string,
  wrong: number,
  told: string,
])[] = [
  [
    "a rule that stands there twice",
    "deny name a.example\ndeny name a.example",
    2,
    "rule --rule 1 before it matches everything",
  ],
  [
    "a name below one that was denied",
    "deny name .ads.example\nallow name x.ads.example",
    2,
    "and does the opposite",
  ],
  [
    "an address within a network",
    "allow to 8.8.0.0/16\ndeny to 8.8.8.8 port 53",
    2,
    "and does the opposite",
  ],
  [
    "a port within a range",
    "deny port 1-1024\nallow port 22,80",
    2,
    "rule --rule 1",
  ],
  [
    "anything behind a rule without conditions",
    "allow user ann\ndeny\nallow user bob",
    3,
    "rule --rule 2",
  ],
  [
    "ports that two rules share among them",
    "deny port 1-1023\ndeny port 1024-65535\nallow name a.example",
    3,
    "rules --rule 1, --rule 2 before it together match",
  ],
  [
    "two halves of a network",
    "deny to 9.0.0.0/9\ndeny to 9.128.0.0/9\nallow to 9.0.0.0/8",
    3,
    "together match",
  ],
  [
    "all users, with and without a name",
    "deny user *\ndeny user -\nallow port 80",
    3,
    "together match",
  ],
  [
    "a user among all users",
    "allow user *\ndeny user mallory",
    2,
    "and does the opposite",
  ],
  [
    "a client in a network",
    "allow client 192.168.0.0/16\ndeny client 192.168.7.0/24 port 25",
    2,
    "and does the opposite",
  ],
  [
    "a listener with and without its address",
    "deny listener 1080\nallow listener 127.0.0.1:1080 name a.example",
    2,
    "rule --rule 1",
  ],
  [
    "hours within hours",
    "deny time 22:00-06:00 zone UTC\nallow time 23:00-01:00 zone UTC",
    2,
    "rule --rule 1",
  ],
  [
    "a day within days",
    "deny day mon-fri\nallow day wed time 12:00-13:00",
    2,
    "rule --rule 1",
  ],
  [
    "a command among commands",
    "deny command bind,udp\nallow command udp port 53",
    2,
    "rule --rule 1",
  ],
  [
    "ports that exclude each other",
    "allow port 80-90 not port 1-1000",
    1,
    "never matches: no port is left",
  ],
  [
    "addresses that exclude each other",
    "allow to 10.0.0.0/8 not to private",
    1,
    "never matches: no address is left",
  ],
  [
    "names that exclude each other",
    "allow name *.a.example not name .a.example",
    1,
    "never matches: no name is left",
  ],
  [
    "no day of the week",
    "allow not day mon-sun",
    1,
    "never matches: no time is left",
  ],
  [
    "no user at all",
    "allow user ann not user *",
    1,
    "never matches: no user is left",
  ],
  [
    "an expression for a URL",
    "deny name /^https?:\\/\\/ads/",
    1,
    "never matches: no name can match",
  ],
  [
    "an end before the end",
    "deny name /example$\\.com/",
    1,
    "never matches: no name can match",
  ],
  [
    "a client of a Unix socket on a port",
    "allow client unix listener 1080",
    1,
    "no such listener is named",
  ],
];

for (const [name, rules, wrong, told] of MISTAKES) {
  Deno.test(`findFaults() finds ${name}`, () => {
    const mistakes = findFaults(rulesOf(rules))
      .filter(({ level }) => level === "mistake");
    assertEquals(mistakes.map(({ label }) => label), [`--rule ${wrong}`]);
    assertStringIncludes(mistakes[0]!.message, told);
  });
}

Deno.test("findFaults() finds no mistake in rules that all decide something", () => {
  const lists = [
    // The guard is between the two: only the second opens private addresses.
    "allow user ann\nallow user ann to private",
    "allow name api.ads.example\ndeny name .ads.example\ndefault allow",
    "deny name *.a.example\nallow name .a.example\ndefault deny",
    "deny time 08:00-18:00 zone UTC\nallow time 09:00-10:00 zone Asia/Tokyo",
    'deny user ann\nallow user "-"\nallow user -\ndefault deny',
    "deny port 1-1023\ndeny port 1025-65535\nallow name a.example\ndefault deny",
    "deny name *\nallow to 8.8.8.8\ndefault deny",
    "deny not name *\nallow name a.example\ndefault deny",
    "deny to 2001:db8::/32\nallow to ::/0\ndefault deny",
    "deny name /^ads/\nallow name /^ads\\d/\ndefault deny",
    "deny not user ann\nallow user ann\ndefault deny",
    "deny time 22:00-06:00 day sat zone UTC\nallow day sun time 07:00-08:00 zone UTC\ndefault deny",
  ];
  for (const list of lists) {
    const mistakes = findFaults(rulesOf(list))
      .filter(({ level }) => level === "mistake");
    assertEquals(mistakes, [], list);
  }
});

Deno.test("findFaults() hints at what makes no difference", () => {
  const hints = (list: string) =>
    findFaults(rulesOf(list)).map(({ label, level, message }) =>
      `${label} ${level} ${message}`
    );
  assertEquals(hints("deny port 25\nallow port 80\ndefault allow"), [
    "--rule 2 hint makes no difference: the default is to allow as well",
  ]);
  assertEquals(
    hints("deny name a.b.example\ndeny name .b.example\ndefault allow"),
    [
      "--rule 1 hint makes no difference: rule --rule 2 after it says the same",
    ],
  );
  assertEquals(
    hints("allow user ann port 443\ndeny name .ads.example\ndefault allow"),
    [
      "--rule 2 hint denies only a part: rule --rule 1 before it allows what both match",
    ],
  );
  assertEquals(
    hints("deny to 10.0.0.0/8,10.1.2.3\nallow to private\ndefault deny"),
    ["--rule 1 hint names 10.1.2.3 twice: 10.0.0.0/8 covers it"],
  );
  assertEquals(hints("deny port 80,80,443\ndefault allow"), [
    "--rule 1 hint names 80 twice: 80 covers it",
  ]);
});

Deno.test("findFaults() takes no longer than a few seconds for 1,000 rules", () => {
  const lines = Array.from(
    { length: 1_000 },
    (_, n) => `allow user u${n % 50} name h${n}.example port 443`,
  );
  const begin = performance.now();
  assertEquals(findFaults(rulesOf([...lines, "default deny"].join("\n"))), []);
  assert(performance.now() - begin < 30_000);
});

Deno.test("findFaults() takes rules that only report for rules that decide nothing", () => {
  for (
    const lines of [
      "report deny name a.example\ndeny name a.example",
      "allow name a.example\nreport deny name b.example\ndefault deny",
      "report deny name a.example\nreport deny port 1\nallow name a.example any-protocol",
    ]
  ) assertEquals(findFaults(rulesOf(lines)), [], lines);
});

Deno.test("findFaults() heeds what a rule says beside its conditions", () => {
  for (
    const lines of [
      "allow name a.example any-protocol\nallow name .example\ndefault deny",
      'deny name a.example message "No"\ndeny name .example\nallow port 1\ndefault deny',
    ]
  ) assertEquals(findFaults(rulesOf(lines)), [], lines);
});
