import { assertEquals } from "@std/assert";
import { startNameServer } from "../../support/name_server.ts";
import { makeFolder } from "../../support/programs.ts";
import { type Answer, sharedCommands } from "../../support/sluice_commands.ts";

const commands = sharedCommands();

const RULES = `# Who may go where
ads: deny name .ads.example, /^track\\d*\\./
allow user ann day mon-fri time 08:00-18:00 zone UTC
lan: allow client 10.0.0.0/8 to private port 443
local: allow to 127.0.0.1 port 80
default deny
`;

interface Row {
  name: string;
  args: string[];
  code: number;
  stdout: string;
}

const AT_WORK = "2026-11-20T08:00Z";

const ROWS: readonly Row[] = [
  {
    name: "a name that is denied whatever its address",
    args: ["--target", "WWW.ads.example.:443"],
    code: 1,
    stdout:
      "WWW.ads.example.:443: Denied by rule ads, whatever its address\ndenied\n",
  },
  {
    name: "a user at work",
    args: [
      "--target",
      "b.localhost:443",
      "--user",
      "ann",
      "--at",
      AT_WORK,
    ],
    code: 0,
    stdout:
      "b.localhost:443: Allowed by rule rules.txt:3, whatever its address\nallowed\n",
  },
  {
    name: "a name that does not exist",
    args: ["--target", "x.invalid:1", "--user", "ann", "--at", AT_WORK],
    code: 0,
    stdout:
      "x.invalid:1: Allowed by rule rules.txt:3, whatever its address\n  The client would be told: Cannot resolve x.invalid: name does not exist\nallowed\n",
  },
  {
    name: "a name that is denied, and does not exist",
    args: ["--target", "x.ads.example.invalid:1", "--rule", "deny"],
    code: 1,
    stdout:
      "x.ads.example.invalid:1: Denied by rule --rule 1, whatever its address\ndenied\n",
  },
  {
    name: "a user after work",
    args: [
      "--target",
      "192.0.2.1:443",
      "--user",
      "ann",
      "--at",
      "2026-11-20T19:00+01:00",
    ],
    code: 1,
    stdout: "192.0.2.1:443: Denied by default: no rule allows it\ndenied\n",
  },
  {
    name: "a private address for a client of the network",
    args: ["--target", "10.0.0.9:443", "--client", "10.1.2.3", "--public"],
    code: 0,
    stdout: "10.0.0.9:443: Allowed by rule lan\nallowed\n",
  },
  {
    name: "a special address that a rule does not name",
    args: [
      "--target",
      "169.254.169.254:80",
      "--rule",
      "allow",
      "--listener",
      ":1080",
    ],
    code: 1,
    stdout:
      "169.254.169.254:80: Address 169.254.169.254 is link-local (guard); a rule with 'to' that covers it would allow it\ndenied\n",
  },
  {
    name: "the same where there is no guard",
    args: [
      "--target",
      "169.254.169.254:80",
      "--rule",
      "x: allow",
      "--public",
      "--allow-private",
    ],
    code: 0,
    stdout: "169.254.169.254:80: Allowed by rule x\nallowed\n",
  },
  {
    name: "a command",
    args: [
      "--target",
      "[2001:db8::1]:53",
      "--rule",
      "x: allow command udp",
      "--command",
      "udp",
    ],
    code: 0,
    stdout: "[2001:db8::1]:53: Allowed by rule x\nallowed\n",
  },
];

Deno.test("sluice rules test says what would happen", async () => {
  const test = ["rules", "test", "--rules", "rules.txt"];
  const answers = await runAll(
    ROWS.map(({ args }) => [RULES, [...test, ...args]]),
  );
  for (const [at, { name, code, stdout }] of ROWS.entries()) {
    assertEquals(answers[at], { code, text: stdout, stderr: "" }, name);
  }
});

Deno.test("sluice rules test says that a name server fails, and asks it for no name that is denied", async () => {
  await using names = await startNameServer(() => [{ code: 2 }]);
  const place = `127.0.0.1:${names.server.port}`;
  const ask = (...more: string[]) =>
    run("", [
      ...["rules", "test", "--target", "a.example:1", "--dns", place],
      ...more,
    ]);
  const denied = await ask("--rule", "deny");
  assertEquals([denied.code, names.asked.length], [1, 0]);
  assertEquals(await ask(), {
    code: 0,
    text:
      `a.example:1: Allowed by default, whatever its address\n  The client would be told: Cannot resolve a.example: name server ${place}: it can't find out (SERVFAIL)\nallowed\n`,
    stderr: "",
  });
});

Deno.test("sluice rules test resolves a name where the rules want its address", async () => {
  const args = [
    "rules",
    "test",
    "--rules",
    "rules.txt",
    "--target",
    "localhost:80",
  ];
  const { code, text } = await run(RULES, args);
  assertEquals(text.split("\n"), [
    "localhost:80: it depends on the address, and 1 of 2 may be dialled",
    "  127.0.0.1: Allowed by rule local",
    "  ::1: Denied by default: no rule allows it",
    "allowed",
    "",
  ]);
  assertEquals(code, 0);
});

Deno.test("sluice rules list prints the rules as they hold", async () => {
  const args = [
    "rules",
    "list",
    "--rules",
    "rules.txt",
    "--rule",
    "first: deny port 25",
  ];
  const { code, text } = await run(RULES, args);
  assertEquals(
    text,
    `first        deny port 25
ads          deny name .ads.example,/^track\\d*\\./
rules.txt:3  allow user ann day mon-fri time 08:00-18:00 zone UTC
lan          allow client 10.0.0.0/8 to private port 443
local        allow to 127.0.0.1 port 80
guard        deny this machine's own addresses and special ones: loopback, private, link-local and others
default      deny
`,
  );
  assertEquals(code, 0);
});

const NO_RULES =
  "sluice: Cannot read rules rules.txt: rules.txt:1:1: expected a rule, but there is none; write 'default allow' to let everybody through, or 'default deny' to let nobody (option --rules)\n";

const FAILURES: readonly (readonly [
  rules: string,
  args: string[],
  code: number,
  stderr: string,
])[] = [
  ["# none yet", ["rules", "list", "--rules", "rules.txt"], 2, NO_RULES],
  ["", ["--listen", "127.0.0.1:0", "--rules", "rules.txt"], 1, NO_RULES],
  [
    "deny\ndeny prot 80",
    ["--rules", "rules.txt", "--listen", "127.0.0.1:0"],
    1,
    "sluice: Cannot read rules rules.txt: rules.txt:2:6: expected a condition (command, port, user, listener, client, name, to, day, time, zone, via, message, any-protocol), not 'prot' (option --rules)\n",
  ],
  [
    "deny\ndeny zone",
    ["rules", "list", "--rules", "rules.txt"],
    2,
    "sluice: Cannot read rules rules.txt: rules.txt:2:10: expected values for 'zone' (option --rules)\n",
  ],
  [
    "deny \xff",
    ["rules", "list", "--rules", "rules.txt"],
    2,
    "sluice: Cannot read rules rules.txt: it is not UTF-8 (option --rules)\n",
  ],
  [
    "",
    ["rules", "list", "--rules", "other.txt"],
    2,
    "sluice: Cannot read rules other.txt: there is no such file (option --rules)\n",
  ],
  [
    "",
    ["rules", "list", "--rules", "."],
    2,
    "sluice: Cannot read rules .: it is a folder (option --rules)\n",
  ],
  [
    "x: deny",
    ["rules", "list", "--rules", "rules.txt", "--rule", "x: deny"],
    2,
    "sluice: Cannot read rules rules.txt: rules.txt:1:1: label 'x' is given twice (option --rules)\n",
  ],
  [
    "alice:$scrypt$ln=14,r=8,p=1$c2FsdA$aGFzaA\n",
    ["--rules", "rules.txt", "--listen", "127.0.0.1:0"],
    1,
    "sluice: Cannot read rules rules.txt: rules.txt:1:1: expected a rule, but this is a line of a users file (option --rules)\n",
  ],
  [
    `deny port \x1b[31m${"%".repeat(100)}\n`,
    ["--rules", "rules.txt", "--listen", "127.0.0.1:0"],
    1,
    `sluice: Cannot read rules rules.txt: rules.txt:1:11: '\\u001b[31m${
      "%".repeat(30)
    }…' is not a port or range of ports such as 443 or 8000-8099 (option --rules)\n`,
  ],
  [
    "",
    ["--rule", "deny", "--rule", "deny to 10.0.0.1/8"],
    2,
    "sluice: Option --rule: rule 2, column 9: '10.0.0.1/8' has bits set after the first 8; write 10.0.0.0/8\n",
  ],
  [
    "",
    ["rules", "test"],
    2,
    "sluice: Option --target: it is missing; give --target HOST:PORT\n",
  ],
  [
    "",
    ["rules", "test", "--target", "a b:80"],
    2,
    'sluice: Option --target: label "a b" is not allowed in a name\n',
  ],
  [
    "",
    ["rules", "test", "--target", "a.test:80", "--at", "noon"],
    2,
    "sluice: Option --at: 'noon' is not a time such as 2026-11-21T12:00\n",
  ],
  [
    "deny to 10.0.0.1",
    ["rules", "test", "--rules", "rules.txt", "--target", "a.invalid:80"],
    1,
    "sluice: Cannot resolve a.invalid: name does not exist\n",
  ],
];

Deno.test("sluice rules fails in one line", async () => {
  const answers = await runAll(
    FAILURES.map(([rules, args]) => [rules, args]),
  );
  for (const [at, [, args, code, stderr]] of FAILURES.entries()) {
    assertEquals(answers[at], { code, text: "", stderr }, args.join(" "));
  }
});

Deno.test("sluice rules test asks for who comes by a Unix socket", async () => {
  const rules = "u: deny client unix listener unix:/run/a.sock\n";
  const ask = async (...args: string[]) => {
    const given = ["--rules", "rules.txt", "--target", "10.0.0.1:80", ...args];
    return (await run(rules, ["rules", "test", ...given])).text;
  };
  const at = ["--listener", "unix:/run/a.sock"];
  assertEquals(
    await ask(...at, "--client", "unix"),
    "10.0.0.1:80: Denied by rule u\ndenied\n",
  );
  // The guard is off there, as on a loopback address.
  assertEquals(
    await ask(...at),
    "10.0.0.1:80: Allowed by default\nallowed\n",
  );
});

Deno.test("sluice rules test knows a regular expression wherever a value may stand", async () => {
  for (
    const values of ["/^ads/", '"/^ads/"', "a.test,/^ads/", "a.test\t,\t/^ads/"]
  ) {
    const rule = ["--rule", `x: deny name ${values}`];
    const args = ["rules", "test", "--target", "ads.example:80", ...rule];
    assertEquals(await run("", args), {
      code: 1,
      text: "ads.example:80: Denied by rule x, whatever its address\ndenied\n",
      stderr: "",
    }, values);
  }
});

/** Runs a command beside a file of rules (in Latin-1). */
async function run(rules: string, args: string[]): Promise<Answer> {
  const [answer] = await runAll([[rules, args]]);
  return answer!;
}

/** Runs commands, each of them beside a file of rules of its own. */
async function runAll(
  lines: readonly (readonly [rules: string, args: string[]])[],
): Promise<Answer[]> {
  await using folder = await makeFolder();
  const given = lines.map(([rules, args], at) => {
    const cwd = `${folder.path}/${at}`;
    Deno.mkdirSync(cwd);
    const bytes = Uint8Array.from(rules, (text) => text.charCodeAt(0));
    Deno.writeFileSync(`${cwd}/rules.txt`, bytes);
    return { args, cwd };
  });
  return await commands.runAll(given);
}
