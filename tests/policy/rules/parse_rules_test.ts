import { assertEquals, assertThrows } from "@std/assert";
import { escape } from "../../../lib/observe/escape.ts";
import { loadNameRegexps } from "../../../lib/policy/rules/name_regexp.ts";
import {
  parseRules,
  ruleFile,
  ruleOption,
} from "../../../lib/policy/rules/parse_rules.ts";
import { RulesError } from "../../../lib/policy/rules/error.ts";
import { seededRandom } from "../../support/random.ts";

await loadNameRegexps();

/** A line, the column of its mistake, and what is said of it. */
const MISTAKES: readonly (readonly [
  line: string,
  column: number,
  message: string,
])[] = [
  ["alow", 1, "expected allow or deny, not 'alow'"],
  ["x:", 3, "expected allow or deny"],
  ["x: y: deny", 4, "expected allow or deny, not 'y:'"],
  ["DENY", 1, "expected allow or deny, not 'DENY'"],
  ["deny,allow", 1, "expected allow or deny, not 'deny,allow'"],
  ['"deny"', 1, "expected allow or deny, not '\"deny\"'"],
  ["a b: deny", 1, "expected allow or deny, not 'a'"],
  [
    "ü: deny",
    1,
    "'ü' is not a label: expected up to 64 letters, digits and . _ -, and neither default nor guard nor name-mismatch",
  ],
  [
    "guard: deny",
    1,
    "'guard' is not a label: expected up to 64 letters, digits and . _ -, and neither default nor guard nor name-mismatch",
  ],
  [
    "deny clinet 10.0.0.0/8",
    6,
    "expected a condition (command, port, user, listener, client, name, to, day, time, zone, via, message, any-protocol), not 'clinet'",
  ],
  [
    "deny not",
    9,
    "expected a condition (command, port, user, listener, client, name, to, day, time, zone, via, message, any-protocol)",
  ],
  [
    "deny not not port 1",
    10,
    "expected a condition (command, port, user, listener, client, name, to, day, time, zone, via, message, any-protocol), not 'not'",
  ],
  [
    "deny day mon not zone UTC",
    18,
    "expected a condition (command, port, user, listener, client, name, to, day, time, zone, via, message, any-protocol), not 'zone'",
  ],
  ["deny port", 10, "expected values for 'port'"],
  ["  deny  port  # 80", 13, "expected values for 'port'"],
  ['deny user "ann bob"  port', 26, "expected values for 'port'"],
  ["deny port 80,", 14, "expected a value beside the comma"],
  [
    "deny port ,80",
    6,
    "expected a condition (command, port, user, listener, client, name, to, day, time, zone, via, message, any-protocol), not 'port,80'",
  ],
  ["deny port 80,,81", 14, "expected a value beside the comma"],
  ['deny user "ann', 11, "the quote is not closed"],
  ['deny user "ann"bob', 16, "expected a space or a comma"],
  ["deny name /a/b", 14, "expected a space or a comma"],
  [
    "deny port 80 port 81",
    14,
    "'port' is given twice: separate its values by commas",
  ],
  [
    "deny not to 10.0.0.1 not to 10.0.0.2",
    26,
    "'not to' is given twice: separate its values by commas",
  ],
  [
    "deny day mon not day tue",
    18,
    "'day' is given twice: separate its values by commas",
  ],
  ["deny client 10.0.0", 13, "'10.0.0' is not an address or ADDRESS/BITS"],
  [
    "deny client 10.0.0.0/",
    13,
    "'10.0.0.0/' is not an address or ADDRESS/BITS",
  ],
  ["deny client 10.0.0.0/33", 13, "'10.0.0.0/33' has more than 32 bits"],
  ["deny client ::/129", 13, "'::/129' has more than 128 bits"],
  [
    "deny client 10.0.0.1/8",
    13,
    "'10.0.0.1/8' has bits set after the first 8; write 10.0.0.0/8",
  ],
  [
    "deny client 127.1",
    13,
    "'127.1' is not an address or ADDRESS/BITS",
  ],
  [
    "deny to 10.0.0.0/8, ::ffff:10.0.0.0/104",
    21,
    "'::ffff:10.0.0.0/104' is an IPv4-mapped address: write it as IPv4",
  ],
  [
    "deny to example.com",
    9,
    "'example.com' is not an address: expected one, ADDRESS/BITS, or one of unspecified, private, cgnat, loopback, link-local, protocol-assignments, documentation, benchmark, multicast, reserved, local-nat64, discard, dummy, segment-routing, site-local; names are for 'name'",
  ],
  [
    "deny port 0",
    11,
    "'0' is not a port or range of ports such as 443 or 8000-8099",
  ],
  [
    "deny port 90-80",
    11,
    "'90-80' is not a port or range of ports such as 443 or 8000-8099",
  ],
  [
    "deny port 1,65536",
    13,
    "'65536' is not a port or range of ports such as 443 or 8000-8099",
  ],
  [
    "deny port http",
    11,
    "'http' is not a port or range of ports such as 443 or 8000-8099",
  ],
  [
    "deny command get",
    14,
    "'get' is not a command: expected connect, bind, udp, http",
  ],
  [
    "deny listener x:1",
    15,
    "'x:1' is not a listener such as 1080, 192.0.2.1:1080, [::1]:1080 or unix:/run/sluice.sock",
  ],
  ["deny listener ::1", 15, "'::1' needs brackets and a port: [::1]:1080"],
  [
    "deny listener 0",
    15,
    "'0' is not a listener such as 1080, 192.0.2.1:1080, [::1]:1080 or unix:/run/sluice.sock",
  ],
  [
    "deny name 10.0.0.1",
    11,
    "'10.0.0.1' is an address: write 'to 10.0.0.1'",
  ],
  [
    "deny name a*.test",
    11,
    "'a*.test' is not a name: '*' begins it and a dot follows, as in *.example.com",
  ],
  [
    "deny name *a.test",
    11,
    "'*a.test' is not a name: '*' begins it and a dot follows, as in *.example.com",
  ],
  ["deny name a..test", 11, "'a..test': name has an empty label"],
  ["deny name .", 11, "'.': name is empty"],
  ["deny name a/b", 11, `'a/b': label "a/b" is not allowed in a name`],
  ["deny name /a", 11, "'/a' has no second slash, as in /^ads?\\d*\\./"],
  ["deny name /a(/", 11, "regular expression (RE2): missing closing ): `a(`"],
  ["deny name /a)/", 11, "regular expression (RE2): unexpected ): `a)`"],
  ["deny name /[a/", 11, "regular expression (RE2): missing closing ]: `[a`"],
  [
    "deny name /*a/",
    11,
    "regular expression (RE2): missing argument to repetition operator: `*`",
  ],
  [
    "deny name /a**/",
    11,
    "regular expression (RE2): invalid nested repetition operator: `**`",
  ],
  [
    "deny name /a{3,2}/",
    11,
    "regular expression (RE2): invalid repeat count: `{3,2}`",
  ],
  [
    "deny name /a{1001}/",
    11,
    "regular expression (RE2): invalid repeat count: `{1001}`",
  ],
  [
    "deny name /[z-a]/",
    11,
    "regular expression (RE2): invalid character class range: `z-a`",
  ],
  [
    "deny name /(a)\\1/",
    11,
    "regular expression (RE2): invalid escape sequence: `\\1`",
  ],
  [
    "deny name /(?=a)/",
    11,
    "regular expression (RE2): invalid or unsupported Perl syntax: `(?=`",
  ],
  [
    "deny name /((a{100}){100}){100}/",
    11,
    "regular expression (RE2): invalid repeat count: `{100}`",
  ],
  [
    "deny name /(a{9}){100}/",
    11,
    "regular expression is too large with its repetitions written out",
  ],
  [
    `deny name /${"a".repeat(257)}/`,
    11,
    "regular expression has 257 characters; at most 256 are allowed",
  ],
  [
    "deny day mon-fri,sat-",
    18,
    "'sat-' is not a day or range of days such as sun or mon-fri",
  ],
  [
    "deny day monday",
    10,
    "'monday' is not a day or range of days such as sun or mon-fri",
  ],
  [
    "deny time 8-18",
    11,
    "'8-18' is not a part of a day such as 08:00-18:00 or 22:00-06:00",
  ],
  [
    "deny time 24:00-06:00",
    11,
    "'24:00-06:00' is not a part of a day such as 08:00-18:00 or 22:00-06:00",
  ],
  [
    "deny time 08:00-08:00",
    11,
    "'08:00-08:00' is not a part of a day such as 08:00-18:00 or 22:00-06:00",
  ],
  [
    "deny time 08:60-18:00",
    11,
    "'08:60-18:00' is not a part of a day such as 08:00-18:00 or 22:00-06:00",
  ],
  [
    "deny day mon zone Europe/Berlln",
    19,
    "'Europe/Berlln' is not a time zone such as Europe/Berlin",
  ],
  ["deny day mon zone UTC,UTC", 23, "expected one time zone"],
  ["deny zone UTC", 6, "expected 'day' or 'time' beside 'zone'"],
  ["default", 8, "expected default allow or default deny"],
  ["default reject", 9, "expected default allow or default deny"],
  [
    "default deny port 80",
    14,
    "expected nothing after the default, except a message",
  ],
  ["x: default deny", 4, "expected allow or deny, not 'default'"],
];

for (const [line, column, message] of MISTAKES) {
  Deno.test(`parseRules() says what is wrong with ${JSON.stringify(line.slice(0, 60))}`, () => {
    const error = assertThrows(
      () => parseRules([ruleFile(`deny port 1\n${line}\n`, "/etc/rules.txt")]),
      RulesError,
    );
    assertEquals(error.problems, [
      { place: `/etc/rules.txt:2:${column}`, message },
    ]);
    assertEquals(error.message, `/etc/rules.txt:2:${column}: ${message}`);
  });
}

Deno.test("parseRules() takes no file for one that lets everybody through because it says nothing", () => {
  const message =
    "expected a rule, but there is none; write 'default allow' to let everybody through, or 'default deny' to let nobody";
  const problems = [{ place: "/etc/rules.txt:1:1", message }];
  const others = ruleOption(["deny port 25"]);
  for (const text of ["", "\n", " \r\n\t", "\ufeff", "# none\n  # at all"]) {
    const file = ruleFile(text, "/etc/rules.txt");
    for (const sources of [[file], [others, file]]) {
      const error = assertThrows(() => parseRules(sources), RulesError);
      assertEquals(error.problems, problems, JSON.stringify(text));
    }
  }
  const open = parseRules([ruleFile("# all\ndefault allow\n", "r")]);
  assertEquals([open.size, open.isOpen], [0, true]);
  const closed = parseRules([ruleFile("default deny", "r")]);
  assertEquals([closed.size, closed.isOpen], [0, false]);
  assertEquals(parseRules([ruleOption([])]).isOpen, true);
});

/** Lines with something wrong in the place of `@`. */
const PLACES = [
  ...["@", "@: deny", "@:x", "@=x", "deny @", "deny @ x", "deny not @"],
  ...["command", "port", "listener", "client", "name", "to", "day", "time"]
    .map((word) => `deny ${word} @`),
  ...["name @.example.com", "listener 127.0.0.1:@", "listener @:80", "to 1.@"]
    .map((condition) => `deny ${condition}`),
  ...["deny day mon zone @", "allow via @", "default @"],
];

/** What is wrong with a line; nothing is of one that is good. */
function faultOf(line: string): string {
  try {
    parseRules([ruleFile(line, "r")]);
    return "";
  } catch (error) {
    if (!(error instanceof RulesError)) throw error;
    return error.message;
  }
}

Deno.test("parseRules() repeats 40 characters of a line at most, none of a hash", () => {
  const secrets = [
    "$scrypt$ln=14,r=8,p=1$c2Vhc2FsdA$bm90YWhhc2g",
    "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
    "5f4dcc3b5aa765d61d8327deb882cf99",
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2",
  ];
  const others = [
    "\x1b]0;title\x07",
    "\x1b[31m".repeat(9),
    "\u{e0041}".repeat(40),
  ];
  for (const place of PLACES) {
    for (const what of [...secrets, ...others, "x".repeat(300)]) {
      const said = escape(faultOf(place.replace("@", () => what)));
      // What is ours has one quoted text at most, and lists of good words.
      assertEquals(said.length < 350, true, said);
      assertEquals(said.includes("x".repeat(41)), false, said);
      const parts = what.match(/[^$,]{9,}/g) ?? [];
      const isTold = secrets.includes(what) &&
        parts.some((part) => said.includes(part));
      assertEquals(isTold, false, said);
    }
  }
});

Deno.test("parseRules() says of another file what it is, and nothing of what is in it", () => {
  const cases = [
    ["alice:$scrypt$ln=14,r=8,p=1$abc$def\n", "a line of a users file"],
    ["deny port 1\nbob:{SSHA}abcdef\n", "a line of a users file"],
    ["bob:$2b$12$abcdef", "a line of a users file"],
    [
      "-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----\n",
      "a certificate or a key in PEM",
    ],
    ["\0\x1b[31mELF", "no text"],
  ] as const;
  for (const [text, what] of cases) {
    const error = assertThrows(
      () => parseRules([ruleFile(text, "r")]),
      RulesError,
    );
    const line = text.startsWith("deny") ? 2 : 1;
    assertEquals(
      error.message,
      `r:${line}:1: expected a rule, but this is ${what}`,
    );
  }
  const error = assertThrows(
    () => parseRules([ruleFile("alice:hush\npassword=hush\n", "r")]),
    RulesError,
  );
  assertEquals(
    error.message,
    "r:1:1: expected allow or deny, not 'alice:…'; r:2:1: expected allow or deny, not 'password=…'",
  );
});

Deno.test("parseRules() tells the first mistake of each line, five of them in words", () => {
  const error = assertThrows(
    () => parseRules([ruleFile("x y\n\nz\ndeny\n".repeat(3), "r.txt")]),
    RulesError,
  );
  assertEquals(
    error.problems.map(({ place }) => place),
    [
      "r.txt:1:1",
      "r.txt:3:1",
      "r.txt:5:1",
      "r.txt:7:1",
      "r.txt:9:1",
      "r.txt:11:1",
    ],
  );
  assertEquals(
    error.message.split("; ").at(-1),
    "and 1 more",
  );
});

Deno.test("parseRules() wants the default once, and last in its source", () => {
  const problems = (...sources: string[]) =>
    assertThrows(
      () => parseRules(sources.map((text) => ruleFile(text, "r.txt"))),
      RulesError,
    ).message;
  assertEquals(
    problems("default deny\ndeny"),
    "r.txt:2:1: expected the default to be last",
  );
  assertEquals(
    problems("default deny\n  default deny"),
    "r.txt:2:3: expected the default to be last",
  );
  assertEquals(
    problems("deny\ndefault deny", "default allow"),
    "r.txt:1:1: expected only one default",
  );
});

Deno.test("parseRules() takes a label once, over all sources", () => {
  const error = assertThrows(
    () =>
      parseRules([ruleOption(["x: deny"]), ruleFile("\n x: deny", "r.txt")]),
    RulesError,
  );
  assertEquals(error.message, "r.txt:2:2: label 'x' is given twice");
});

Deno.test("parseRules() tells which --rule is malformed", () => {
  const error = assertThrows(
    () => parseRules([ruleOption(["deny", "deny port x"])]),
    RulesError,
  );
  assertEquals(
    error.message,
    "rule 2, column 11: 'x' is not a port or range of ports such as 443 or 8000-8099",
  );
});

Deno.test("parseRules() keeps the order of its sources, and calls rules by their place", () => {
  const text =
    "\ufeff# Comment\r\n\r\n\tdeny port 80 , 81 # why\r\nhome: allow user a#b\r\n";
  const rules = parseRules([
    ruleOption(["deny port 1", "x: allow"]),
    ruleFile(text, "/etc/sluice/rules.txt"),
  ]);
  assertEquals(rules.list(false), [
    { label: "--rule 1", text: "deny port 1" },
    { label: "x", text: "allow" },
    { label: "rules.txt:3", text: "deny port 80,81" },
    { label: "home", text: "allow user a#b" },
    { label: "default", text: "allow" },
  ]);
});

Deno.test("parseRules() bounds rules and lines", () => {
  const many = Array.from({ length: 10_001 }, () => "deny port 1");
  assertEquals(
    assertThrows(() => parseRules([ruleOption(many)]), RulesError).message,
    "rule 10001, column 1: expected at most 10000 rules",
  );
  assertEquals(parseRules([ruleOption(many.slice(1))]).size, 10_000);
  const long = `deny name a.test #${"a".repeat(65_536)}`;
  assertEquals(
    assertThrows(() => parseRules([ruleOption([long])]), RulesError).message,
    "rule 1, column 65536: expected the line to end here",
  );
});

Deno.test("parseRules() fails on any text with a RulesError at most", () => {
  const pieces = [
    "deny",
    "allow",
    "x:",
    "not",
    "to",
    "name",
    "user",
    "10.0.0.0/8",
    "/a",
    "/",
    '"',
    ",",
    "#",
    " ",
    "\\",
    "*",
    ".",
    "day",
    "mon",
    "zone",
    "UTC",
    "\0",
    "ü",
    "default",
  ];
  const next = seededRandom(7);
  const random = (below: number) => Math.floor(next() * below);
  let count = 0;
  for (let n = 0; n < 5_000; n++) {
    const words = Array.from(
      { length: random(8) },
      () => pieces[random(pieces.length)]! + (random(2) === 0 ? " " : ""),
    );
    try {
      parseRules([ruleOption([words.join("")])]);
    } catch (error) {
      if (!(error instanceof RulesError)) throw error;
      count++;
    }
  }
  assertEquals(count > 1_000, true);
});
