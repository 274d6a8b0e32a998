import { assert, assertEquals } from "@std/assert";
import type {
  Question,
  RuleCommand,
} from "../../../lib/policy/rules/question.ts";
import { Rules, type Verdict } from "../../../lib/policy/rules/rules.ts";
import { parseHost } from "../../../lib/wire/host_name.ts";
import { parseHostPort } from "../../../lib/wire/host_port.ts";
import {
  formatIpAddress,
  parseIpAddress,
} from "../../../lib/wire/ip_address.ts";
import { rulesOf } from "../../support/rules.ts";

/**
 * Rules, separated by semicolons; who asks for what; what is decided before the
 * address is known (`-` where that depends on it), and with it.
 *
 * What is asked is `[COMMAND] HOST:PORT [= ADDRESS] [by USER] [from CLIENT]
 * [on LISTENER] [guarded] [at TIME]`.
 */
type Row = readonly [
  rules: string,
  asked: string,
  early: string,
  late?: string,
];

const FIRST_MATCH: readonly Row[] = [
  ["", "a.test:80 = 192.0.2.1", "allow default"],
  ["default allow", "a.test:80 = 192.0.2.1", "allow default"],
  ["default deny", "a.test:80 = 192.0.2.1", "deny default"],
  ["x: deny", "a.test:80 = 192.0.2.1", "deny x"],
  ["x: allow; default deny", "a.test:80 = 192.0.2.1", "allow x"],
  ["x: allow; y: deny", "a.test:80 = 192.0.2.1", "allow x"],
  ["x: deny; y: allow", "a.test:80 = 192.0.2.1", "deny x"],
  ["x: deny port 1; y: deny", "a.test:80 = 192.0.2.1", "deny y"],
  ["deny port 1; deny port 80", "a.test:80 = 192.0.2.1", "deny --rule 2"],
  ["x: deny port 80 user bob", "a.test:80 by ann = 192.0.2.1", "allow default"],
  ["x: deny port 80 user bob", "a.test:80 by bob = 192.0.2.1", "deny x"],
];

const CLIENT: readonly Row[] = [
  ["x: deny client 10.0.0.0/8", "a.test:80 from 10.1.2.3", "deny x"],
  ["x: deny client 10.0.0.0/8", "a.test:80 from 11.0.0.0", "allow default"],
  ["x: deny client 10.0.0.0/8", "a.test:80 from ::ffff:10.1.2.3", "deny x"],
  ["x: deny client ::1", "a.test:80 from ::1", "deny x"],
  ["x: deny client ::/0", "a.test:80 from 10.0.0.1", "allow default"],
  ["x: deny client 0.0.0.0/0", "a.test:80 from 10.0.0.1", "deny x"],
  ["x: deny client unix", "a.test:80 from unix", "deny x"],
  ["x: deny client 10.0.0.1,unix", "a.test:80 from unix", "deny x"],
  ["x: deny client 10.0.0.1,unix", "a.test:80 from 10.0.0.1", "deny x"],
  ["x: deny client unix", "a.test:80 from 127.0.0.1", "allow default"],
  ["x: deny client 0.0.0.0/0,::/0", "a.test:80 from unix", "allow default"],
  ["x: deny not client 10.0.0.0/8", "a.test:80 from unix", "deny x"],
  ["x: deny client 10.0.0.1,10.0.0.3", "a.test:80 from 10.0.0.3", "deny x"],
  ["x: deny not client 10.0.0.0/8", "a.test:80 from 10.1.2.3", "allow default"],
  ["x: deny not client 10.0.0.0/8", "a.test:80 from 192.0.2.9", "deny x"],
  [
    "x: deny client 10.0.0.0/8 not client 10.0.0.1",
    "a.test:80 from 10.0.0.1",
    "allow default",
  ],
];

const USER: readonly Row[] = [
  ["x: deny user bob", "a.test:80 by bob", "deny x"],
  ["x: deny user bob", "a.test:80 by Bob", "allow default"],
  ["x: deny user bob", "a.test:80", "allow default"],
  ["x: deny user ann,bob", "a.test:80 by bob", "deny x"],
  ["x: deny user *", "a.test:80 by bob", "deny x"],
  ["x: deny user *", "a.test:80", "allow default"],
  ["x: deny user -", "a.test:80", "deny x"],
  ["x: deny user -", "a.test:80 by bob", "allow default"],
  ["x: deny user -,bob", "a.test:80 by bob", "deny x"],
  ["x: deny not user ann", "a.test:80", "deny x"],
  ["x: deny not user ann", "a.test:80 by ann", "allow default"],
  ['x: deny user "*"', "a.test:80 by bob", "allow default"],
  ['x: deny user "*"', "a.test:80 by *", "deny x"],
  ['x: deny user "-"', "a.test:80", "allow default"],
];

const LISTENER: readonly Row[] = [
  ["x: deny listener 1080", "a.test:80 on 192.0.2.1:1080", "deny x"],
  ["x: deny listener 1081", "a.test:80 on 192.0.2.1:1080", "allow default"],
  ["x: deny listener 192.0.2.1:1080", "a.test:80 on 192.0.2.1:1080", "deny x"],
  [
    "x: deny listener 192.0.2.2:1080",
    "a.test:80 on 192.0.2.1:1080",
    "allow default",
  ],
  ["x: deny listener 0.0.0.0:1080", "a.test:80 on 192.0.2.1:1080", "deny x"],
  ["x: deny listener unix:/a", "a.test:80 on unix:/a", "deny x"],
  ["x: deny listener 1080,unix:/a", "a.test:80 on unix:/a", "deny x"],
  ["x: deny listener unix:/a", "a.test:80 on unix:/b", "allow default"],
  ["x: deny listener unix:/a", "a.test:80 on 192.0.2.1:1080", "allow default"],
  ["x: deny listener 1080", "a.test:80 on unix:/a", "allow default"],
  ["x: deny listener [::1]:1080,1", "a.test:80 on [::1]:1080", "deny x"],
];

const COMMAND: readonly Row[] = [
  ["x: deny command connect", "connect a.test:80", "deny x"],
  ["x: deny command connect", "http a.test:80", "allow default"],
  ["x: deny command udp,bind", "bind a.test:80", "deny x"],
  ["x: deny command udp", "udp a.test:80", "deny x"],
  ["x: deny not command connect", "http a.test:80", "deny x"],
];

const PORT: readonly Row[] = [
  ["x: deny port 80", "a.test:80", "deny x"],
  ["x: deny port 80", "a.test:81", "allow default"],
  ["x: deny port 1-79,81-65535", "a.test:80", "allow default"],
  ["x: deny port 1-79,81-65535", "a.test:79", "deny x"],
  ["x: deny port 1-79, 81-65535", "a.test:65535", "deny x"],
  ["x: deny not port 80,443", "a.test:22", "deny x"],
  ["x: deny not port 80,443", "a.test:443", "allow default"],
];

const NAME: readonly Row[] = [
  ["x: deny name a.test", "a.test:80", "deny x"],
  ["x: deny name a.test", "A.TEST:80", "deny x"],
  ["x: deny name a.test", "a.test.:80", "deny x"],
  ["x: deny name A.Test.", "a.test:80", "deny x"],
  ["x: deny name a.test", "b.a.test:80", "allow default"],
  ["x: deny name a.test", "ba.test:80", "allow default"],
  ["x: deny name *.a.test", "b.a.test:80", "deny x"],
  ["x: deny name *.a.test", "c.b.A.test.:80", "deny x"],
  ["x: deny name *.a.test", "a.test:80", "allow default"],
  ["x: deny name *.a.test", "ba.test:80", "allow default"],
  ["x: deny name .a.test", "a.test:80", "deny x"],
  ["x: deny name .a.test", "b.a.test:80", "deny x"],
  ["x: deny name .a.test", "ba.test:80", "allow default"],
  ["x: deny name *", "a.test:80", "deny x"],
  ["x: deny name *", "192.0.2.1:80", "allow default"],
  ["x: deny not name *", "192.0.2.1:80", "deny x"],
  ["x: deny name /^ads?[0-9]*\\./", "ad12.a.test:80", "deny x"],
  ["x: deny name /^ads?[0-9]*\\./", "ADS.a.test.:80", "deny x"],
  ["x: deny name /^ads?[0-9]*\\./", "bad.a.test:80", "allow default"],
  ["x: deny name /track|spy/", "my-tracker.test:80", "deny x"],
  ["x: deny name bücher.test", "xn--bcher-kva.test:80", "deny x"],
  ["x: deny name .BÜCHER.test", "www.xn--bcher-kva.test:80", "deny x"],
  ["x: deny name localhost", "LOCALHOST.:80", "deny x"],
];

/** An address never has a name, and a name has addresses: all of them count. */
const TO: readonly Row[] = [
  ["x: deny to 10.0.0.0/8", "10.1.2.3:80", "-", "deny x"],
  ["x: deny to 10.0.0.0/8", "11.0.0.0:80", "-", "allow default"],
  ["x: deny to 10.0.0.0/8", "a.test:80 = 10.1.2.3", "-", "deny x"],
  ["x: deny to 10.0.0.0/8", "a.test:80 = 192.0.2.1", "-", "allow default"],
  ["x: allow to 10.0.0.1; default deny", "10.0.0.1:80", "-", "allow x"],
  ["x: allow to 10.0.0.1; default deny", "10.0.0.2:80", "-", "deny default"],
  ["x: deny to private", "a.test:80 = 172.31.255.255", "-", "deny x"],
  ["x: deny to private,loopback", "[::1]:80", "-", "deny x"],
  ["x: deny to private,loopback", "8.8.8.8:80", "-", "allow default"],
  ["x: deny not to 10.0.0.0/8", "10.0.0.1:80", "-", "allow default"],
  ["x: deny not to 10.0.0.0/8", "11.0.0.1:80", "-", "deny x"],
  ["x: deny not to 10.0.0.0/8", "[::ffff:10.0.0.1]:80", "-", "allow default"],
  [
    "x: deny to 10.0.0.0/8 not to 10.0.0.1",
    "10.0.0.1:80",
    "-",
    "allow default",
  ],
  ["x: deny to ::/0", "10.0.0.1:80", "-", "allow default"],
  ["x: deny to 0.0.0.0/0", "[2606:4700::1]:80", "-", "allow default"],
];

/** What is known before a name is resolved. */
const EARLY: readonly Row[] = [
  // Whatever the address, it is denied: no name server need hear the name.
  ["x: deny to 10.0.0.0/8; y: deny", "a.test:80 = 192.0.2.1", "deny y"],
  [
    "x: deny to 10.0.0.0/8; default deny",
    "a.test:80 = 192.0.2.1",
    "deny default",
  ],
  ["x: allow to 10.0.0.0/8; y: allow", "a.test:80 = 10.0.0.1", "-", "allow x"],
  ["x: allow to 10.0.0.0/8; y: deny", "a.test:80 = 192.0.2.1", "-", "deny y"],
  ["x: allow to 10.0.0.0/8 port 1; y: deny", "a.test:80", "deny y"],
  ["x: deny to 10.0.0.0/8; y: allow", "a.test:80 = 10.0.0.1", "-", "deny x"],
  ["x: deny name a.test; y: allow to 10.0.0.1", "a.test:80", "deny x"],
];

const DENY_TEN = "x: deny to 10.0.0.0/8";
const DENY_LOOPBACK = "x: deny to 127.0.0.0/8";
const ALLOW_TEN = "x: allow to 10.0.0.0/8; default deny";

/** Nothing that leads to an address gets round a rule that denies it. */
const EVASIONS: readonly Row[] = [
  [DENY_TEN, "[::ffff:10.0.0.5]:80", "-", "deny x"],
  [DENY_TEN, "[::ffff:a00:5]:80", "-", "deny x"],
  [DENY_TEN, "[::10.0.0.5]:80", "-", "deny x"],
  [DENY_TEN, "[::ffff:0:10.0.0.5]:80", "-", "deny x"],
  [DENY_TEN, "[64:ff9b::10.0.0.5]:80", "-", "deny x"],
  [DENY_TEN, "[64:ff9b:1::10.0.0.5]:80", "-", "deny x"],
  [DENY_TEN, "[64:ff9b:1:a00:0:500::]:80", "-", "deny x"],
  [DENY_TEN, "[2002:a00:5::1]:80", "-", "deny x"],
  [DENY_TEN, "[2001:0:4136:e378:8000:63bf:f5ff:fffa]:80", "-", "deny x"],
  [DENY_TEN, "[2001:db8::5efe:10.0.0.5]:80", "-", "deny x"],
  [DENY_TEN, "[2001:db8::200:5efe:10.0.0.5]:80", "-", "deny x"],
  [DENY_TEN, "a.test:80 = 64:ff9b::a00:5", "-", "deny x"],
  [DENY_TEN, "udp [2002:a00:5::]:53", "-", "deny x"],
  [DENY_TEN, "[64:ff9b::11.0.0.5]:80", "-", "allow default"],
  [DENY_TEN, "[2001:db8::10.0.0.5]:80", "-", "allow default"],
  [DENY_LOOPBACK, "127.255.255.254:80", "-", "deny x"],
  [DENY_LOOPBACK, "0.0.0.0:80", "-", "deny x"],
  [DENY_LOOPBACK, "[::ffff:0.0.0.0]:80", "-", "deny x"],
  [DENY_LOOPBACK, "[::]:80", "-", "deny x"],
  ["x: deny to ::1", "[::]:80", "-", "deny x"],
  ["x: deny to ::1", "[0:0:0:0:0:0:0:1]:80", "-", "deny x"],
  ["x: deny to ::/0", "[::ffff:10.0.0.5]:80", "-", "deny x"],
  // What the C library takes for an address comes as a name that means one.
  [DENY_LOOPBACK, "127.1:80 = 127.0.0.1", "-", "deny x"],
  [DENY_LOOPBACK, "0x7f.1:80 = 127.0.0.1", "-", "deny x"],
  [DENY_LOOPBACK, "2130706433:80 = 127.0.0.1", "-", "deny x"],
  [DENY_LOOPBACK, "0177.0.0.1:80 = 127.0.0.1", "-", "deny x"],
  [DENY_LOOPBACK, "127.0.0.1.:80 = 127.0.0.1", "-", "deny x"],
  [DENY_LOOPBACK, "localhost:80 = ::ffff:127.0.0.1", "-", "deny x"],
  [DENY_LOOPBACK, "LOCALHOST.:80 = 127.0.0.1", "-", "deny x"],
  // But allowing takes the address itself.
  [ALLOW_TEN, "10.0.0.5:80", "-", "allow x"],
  [ALLOW_TEN, "[::ffff:10.0.0.5]:80", "-", "allow x"],
  [ALLOW_TEN, "[::10.0.0.5]:80", "-", "deny default"],
  [ALLOW_TEN, "[64:ff9b::10.0.0.5]:80", "-", "deny default"],
  [ALLOW_TEN, "[2002:a00:5::1]:80", "-", "deny default"],
  [
    "x: allow to 2002:a00:5::/48; default deny",
    "[2002:a00:5::1]:80",
    "-",
    "allow x",
  ],
  [
    "x: allow to 127.0.0.1; default deny",
    "0.0.0.0:80",
    "-",
    "deny default",
  ],
  // Turned round, it is allowing that counts all that an address may lead to.
  ["x: allow not to private; default deny", "8.8.8.8:80", "-", "allow x"],
  [
    "x: allow not to private; default deny",
    "[64:ff9b::10.0.0.5]:80",
    "-",
    "deny default",
  ],
];

const GUARD: readonly Row[] = [
  ["", "8.8.8.8:80 guarded", "-", "allow default"],
  ["", "10.0.0.5:80 guarded", "-", "deny guard"],
  ["", "a.test:80 = 10.0.0.5 guarded", "-", "deny guard"],
  ["", "a.test:80 = 8.8.8.8 guarded", "-", "allow default"],
  ["", "[2002:7f00:1::]:80 guarded", "-", "deny guard"],
  ["", "[::ffff:169.254.169.254]:80 guarded", "-", "deny guard"],
  ["", "2852039166:80 = 169.254.169.254 guarded", "-", "deny guard"],
  ["x: allow", "10.0.0.5:80 guarded", "-", "deny guard"],
  ["x: allow", "8.8.8.8:80 guarded", "-", "allow x"],
  [
    "x: allow user ann",
    "169.254.169.254:80 by ann guarded",
    "-",
    "deny guard",
  ],
  ["x: allow user ann", "8.8.8.8:80 by ann guarded", "-", "allow x"],
  [
    "x: allow name *.a.test",
    "b.a.test:80 = 10.0.0.5 guarded",
    "-",
    "deny guard",
  ],
  ["x: allow to 10.0.0.5", "10.0.0.5:80 guarded", "-", "allow x"],
  ["x: allow to 10.0.0.5", "[::ffff:10.0.0.5]:80 guarded", "-", "allow x"],
  ["x: allow to 10.0.0.5", "[64:ff9b::10.0.0.5]:80 guarded", "-", "deny guard"],
  ["x: allow to 10.0.0.5", "10.0.0.6:80 guarded", "-", "deny guard"],
  ["x: allow to private", "10.0.0.5:80 guarded", "-", "allow x"],
  ["x: allow to private", "127.0.0.1:80 guarded", "-", "deny guard"],
  ["x: allow to loopback port 80", "127.0.0.1:80 guarded", "-", "allow x"],
  ["x: allow to loopback port 80", "127.0.0.1:22 guarded", "-", "deny guard"],
  // All addresses are not a name of one.
  ["x: allow to 0.0.0.0/0", "10.0.0.5:80 guarded", "-", "deny guard"],
  ["x: allow to 0.0.0.0/0", "8.8.8.8:80 guarded", "-", "allow x"],
  ["x: allow not to 8.8.8.8", "10.0.0.5:80 guarded", "-", "deny guard"],
  // An allow without `to` says nothing of special addresses; a later one may.
  [
    "x: allow user ann; y: allow to private",
    "10.0.0.5:80 by ann guarded",
    "-",
    "allow y",
  ],
  ["x: allow user ann; y: deny", "10.0.0.5:80 by ann guarded", "-", "deny y"],
  ["x: allow to private; default deny", "10.0.0.5:80 guarded", "-", "allow x"],
  ["default deny", "10.0.0.5:80 guarded", "deny default", "deny guard"],
  ["x: deny; y: allow to private", "10.0.0.5:80 guarded", "deny x"],
];

const BERLIN = "zone Europe/Berlin";

/** 2026-11-20 is a Friday. In November Berlin is at +01:00, in July at +02:00. */
const TIME: readonly Row[] = [
  [`x: deny day fri ${BERLIN}`, "a.test:80 at 2026-11-20T12:00Z", "deny x"],
  [
    `x: deny day sat ${BERLIN}`,
    "a.test:80 at 2026-11-20T12:00Z",
    "allow default",
  ],
  [`x: deny day sat ${BERLIN}`, "a.test:80 at 2026-11-20T23:00Z", "deny x"],
  [
    `x: deny day mon-fri ${BERLIN}`,
    "a.test:80 at 2026-11-22T12:00Z",
    "allow default",
  ],
  [`x: deny day fri-mon ${BERLIN}`, "a.test:80 at 2026-11-22T12:00Z", "deny x"],
  [
    `x: deny day fri-mon ${BERLIN}`,
    "a.test:80 at 2026-11-24T12:00Z",
    "allow default",
  ],
  [
    `x: deny not day sat,sun ${BERLIN}`,
    "a.test:80 at 2026-11-20T12:00Z",
    "deny x",
  ],
  [
    `x: deny time 08:00-18:00 ${BERLIN}`,
    "a.test:80 at 2026-11-20T06:59Z",
    "allow default",
  ],
  [
    `x: deny time 08:00-18:00 ${BERLIN}`,
    "a.test:80 at 2026-11-20T07:00Z",
    "deny x",
  ],
  [
    `x: deny time 08:00-18:00 ${BERLIN}`,
    "a.test:80 at 2026-11-20T16:59Z",
    "deny x",
  ],
  [
    `x: deny time 08:00-18:00 ${BERLIN}`,
    "a.test:80 at 2026-11-20T17:00Z",
    "allow default",
  ],
  [
    `x: deny time 08:00-18:00 ${BERLIN}`,
    "a.test:80 at 2026-07-17T06:00Z",
    "deny x",
  ],
  [
    `x: deny time 08:00-12:00,13:00-24:00 zone UTC`,
    "a.test:80 at 2026-11-20T12:30Z",
    "allow default",
  ],
  [
    `x: deny time 08:00-12:00,13:00-24:00 zone UTC`,
    "a.test:80 at 2026-11-20T23:59Z",
    "deny x",
  ],
  [
    `x: deny not time 08:00-18:00 zone UTC`,
    "a.test:80 at 2026-11-20T12:00Z",
    "allow default",
  ],
  [
    `x: deny not time 08:00-18:00 zone UTC`,
    "a.test:80 at 2026-11-20T18:00Z",
    "deny x",
  ],
  // The hours behind midnight belong to the day on which they began.
  [
    "x: deny day fri time 22:00-06:00 zone UTC",
    "a.test:80 at 2026-11-20T22:00Z",
    "deny x",
  ],
  [
    "x: deny day fri time 22:00-06:00 zone UTC",
    "a.test:80 at 2026-11-21T05:59Z",
    "deny x",
  ],
  [
    "x: deny day fri time 22:00-06:00 zone UTC",
    "a.test:80 at 2026-11-21T06:00Z",
    "allow default",
  ],
  [
    "x: deny day fri time 22:00-06:00 zone UTC",
    "a.test:80 at 2026-11-20T05:59Z",
    "allow default",
  ],
  [
    "x: deny day sun time 22:00-06:00 zone UTC",
    "a.test:80 at 2026-11-23T01:00Z",
    "deny x",
  ],
  // Clocks go back at 01:00 UTC on 2026-10-25: 02:30 comes twice.
  [
    `x: deny time 02:00-03:00 ${BERLIN}`,
    "a.test:80 at 2026-10-25T00:30Z",
    "deny x",
  ],
  [
    `x: deny time 02:00-03:00 ${BERLIN}`,
    "a.test:80 at 2026-10-25T01:30Z",
    "deny x",
  ],
  [
    `x: deny time 02:00-03:00 ${BERLIN}`,
    "a.test:80 at 2026-10-25T02:30Z",
    "allow default",
  ],
  [
    "x: deny time 05:45-05:46 zone Asia/Kathmandu",
    "a.test:80 at 2026-11-20T00:00Z",
    "deny x",
  ],
];

const TABLES = {
  FIRST_MATCH,
  CLIENT,
  USER,
  LISTENER,
  COMMAND,
  PORT,
  NAME,
  TO,
  EARLY,
  EVASIONS,
  GUARD,
  TIME,
};

for (const [what, rows] of Object.entries(TABLES)) {
  Deno.test(`Rules decide as the table says for ${what}`, () => {
    for (const [lines, asked, early, late = early] of rows) {
      const { question, address, now } = parseAsked(asked);
      const rules = rulesOf(lines.replaceAll("; ", "\n"), { now: () => now });
      const about = `${lines} | ${asked}`;
      assertEquals(describe(rules.decideName(question)), early, about);
      const ip = parseIpAddress(address)!;
      assertEquals(describe(rules.decideAddress(question, ip)), late, about);
    }
  });
}

Deno.test("Rules.decideName() denies nothing that some address could be allowed", () => {
  const addresses = ["8.8.8.8", "10.0.0.5", "127.0.0.1", "::1", "2606:4700::1"];
  for (const [lines, asked, early] of Object.values(TABLES).flat()) {
    if (!early.startsWith("deny")) continue;
    const { question, now } = parseAsked(asked);
    const rules = rulesOf(lines.replaceAll("; ", "\n"), { now: () => now });
    for (const text of addresses) {
      const { isAllowed } = rules.decideAddress(
        question,
        parseIpAddress(text)!,
      );
      assert(!isAllowed, `${lines} | ${asked} | ${text}`);
    }
  }
});

Deno.test("Rules.decideName() waits for a target that is not known yet", () => {
  const question: Question = {
    ...parseAsked("udp a.test:53").question,
    target: undefined,
  };
  const early = (lines: string) =>
    describe(rulesOf(lines).decideName(question));
  assertEquals(early("x: deny command udp"), "deny x");
  assertEquals(early("x: deny command udp port 53"), "-");
  assertEquals(early("x: deny name a.test"), "-");
  assertEquals(early("x: deny not name a.test"), "-");
  assertEquals(early("x: allow port 53\ndefault deny"), "-");
  assertEquals(early("x: allow command connect\ndefault deny"), "deny default");
  assertEquals(early(""), "allow default");
});

Deno.test("Rules say in words which rule has decided, and what would lift the guard", () => {
  const { question } = parseAsked("10.0.0.5:80 guarded");
  const reason = (lines: string) =>
    rulesOf(lines).decideAddress(question, parseIpAddress("10.0.0.5")!).reason;
  assertEquals(reason("trackers: deny"), "Denied by rule trackers");
  assertEquals(reason("x: allow to 10.0.0.5"), "Allowed by rule x");
  assertEquals(
    reason(""),
    "Address 10.0.0.5 is private (guard); a rule with 'to' that covers it would allow it",
  );
  const open = { ...question, isGuarded: false };
  assertEquals(
    rulesOf("default deny").decideName(open)?.reason,
    "Denied by default: no rule allows it",
  );
});

Deno.test("Rules.list() shows rules, guard and default in the order in which they hold", () => {
  const rules = rulesOf(
    "x: deny  port 80, 443\nallow   user ann\ndefault deny",
  );
  assertEquals(rules.size, 2);
  assertEquals(
    rules.list(true).map(({ label, text }) => `${label} | ${text}`),
    [
      "x | deny port 80,443",
      "--rule 2 | allow user ann",
      "guard | deny this machine's own addresses and special ones: loopback, private, link-local and others",
      "default | deny",
    ],
  );
  assertEquals(rules.list(false).length, 3);
  assertEquals(new Rules().list(false), [{ label: "default", text: "allow" }]);
});

Deno.test("Rules of a thousand lines are walked in less than 100 µs", () => {
  const line = (n: number) =>
    [
      `deny name *.ads${n}.test port 80,443`,
      `deny to 198.${n % 250}.0.0/16 user u${n}`,
      `deny client 10.${n % 250}.0.0/16 command connect`,
      `allow user u${n} day mon-fri time 08:00-18:00`,
    ][n % 4]!;
  const rules = rulesOf(
    Array.from({ length: 1_000 }, (_, n) => line(n)).join("\n"),
  );
  const { question } = parseAsked("a.test:80 by ann from 192.0.2.7");
  const ip = parseIpAddress("8.8.8.8")!;
  const decide = () => rules.decideAddress(question, ip);
  for (let n = 0; n < 500; n++) decide();
  // The best of several, since others may have the processor meanwhile.
  const best = Math.min(...Array.from({ length: 20 }, () => {
    const start = performance.now();
    for (let n = 0; n < 20; n++) decide();
    return (performance.now() - start) / 20;
  }));
  assert(best < 0.1, `${best} ms`);
});

function describe(verdict: Verdict | undefined): string {
  if (verdict === undefined) return "-";
  return `${verdict.isAllowed ? "allow" : "deny"} ${verdict.rule}`;
}

/** Reads what is asked; see {@linkcode Row}. */
function parseAsked(
  text: string,
): { question: Question; address: string; now: number } {
  const find = (pattern: RegExp) => pattern.exec(text)?.[1];
  const [, command = "connect", target] = /^(?:(connect|bind|udp|http) )?(\S+)/
    .exec(text)!;
  const { host: name, port } = splitTarget(target!);
  const host = parseHost(name);
  const isName = typeof host === "string";
  const client = find(/ from (\S+)/) ?? "127.0.0.1";
  return {
    question: {
      client: client === "unix" ? undefined : parseIpAddress(client)!,
      user: find(/ by (\S+)/),
      listener: placeOf(find(/ on (\S+)/) ?? "127.0.0.1:1080"),
      command: command as RuleCommand,
      target: { name: isName ? host : undefined, port },
      isGuarded: text.includes(" guarded"),
    },
    address: isName ? find(/ = (\S+)/) ?? "192.0.2.1" : formatIpAddress(host),
    now: Date.parse(find(/ at (\S+)/) ?? "2026-11-20T12:00Z"),
  };
}

function placeOf(text: string): Question["listener"] {
  if (text.startsWith("unix:")) return { path: text.slice(5) };
  const { host, port } = parseHostPort(text, "");
  return { ip: parseIpAddress(host)!, port };
}

function splitTarget(text: string): { host: string; port: number } {
  const { host, port } = parseHostPort(text, "");
  return { host, port };
}
