import { assert, assertEquals, assertMatch } from "@std/assert";
import { spawnSluice } from "../support/sluice.ts";
import {
  type Answer,
  sharedCommands,
  sluice,
} from "../support/sluice_commands.ts";
import project from "../../deno.json" with { type: "json" };

/** For documentation (RFC 5737), so an address of no machine. */
const NOT_OURS = "203.0.113.1:0";

const SECRET = "hunter2-hunter2";

const commands = sharedCommands();

/** What the program does with users in its environment. */
function withUsers(args: string[], users: string): Promise<Answer> {
  return commands.run({ args, env: { SLUICE_USERS: users } });
}

/** Asserts that the program failed in one line that a person can act on. */
function assertOneLine({ text, stderr }: Answer): void {
  assertEquals(text, "");
  assertMatch(stderr, /^sluice: [^\n]+\n$/);
  assert(!/^\s+at |Uncaught|error:|file:\/\//m.test(stderr), stderr);
}

Deno.test("main() returns 2 and explains wrong arguments", async () => {
  const cases = [
    { args: ["--bogus"], message: "Unknown option '--bogus'; see --help" },
    {
      args: ["--lisen", "1080"],
      message: "Unknown option '--lisen'; did you mean --listen?",
    },
    { args: ["bogus"], message: "Unknown command 'bogus'; see --help" },
    {
      args: ["prox"],
      message: "Unknown command 'prox'; did you mean proxy?",
    },
    { args: ["toString"], message: "Unknown command 'toString'; see --help" },
    { args: [""], message: "Unknown command ''; see --help" },
    {
      args: ["proxy", "stray"],
      message: "Unknown argument 'stray'; see --help",
    },
    {
      args: ["--log", "xml"],
      message: "Option --log: 'xml' is neither text nor json",
    },
    {
      args: ["proxy", "--idle-timeout", "10"],
      message:
        "Option --idle-timeout: '10' is not a duration such as 250ms, 10s, 5m, 1h or 0",
    },
    {
      args: ["--listen"],
      message: "Option --listen: needs a value: HOST:PORT",
    },
    {
      args: ["--open=1"],
      message: "Option --open: takes no value; write --open alone",
    },
    // The one line stays one whatever is repeated in it.
    {
      args: ["--listen", "1\n\n2"],
      message: "Option --listen: port '1 2' is not a number from 0 to 65535",
    },
  ];
  const answers = await commands.runAll(cases.map(({ args }) => args));
  for (const [at, { message }] of cases.entries()) {
    assertOneLine(answers[at]!);
    assertEquals(answers[at]!.stderr, `sluice: ${message}\n`);
    assertEquals(answers[at]!.code, 2);
  }
});

Deno.test("main() returns 2 when others could use the proxy unasked", async () => {
  const outcome = await commands.run(["--listen", "0.0.0.0:0"]);
  assertOneLine(outcome);
  assertMatch(
    outcome.stderr,
    /^sluice: Refusing to listen on 0\.0\.0\.0:\d+: .*--user .*--open/,
  );
  assertEquals(outcome.code, 2);
});

Deno.test("main() returns 2 and prints no password when users are wrong", async (t) => {
  const cases = [
    {
      args: ["--user", `alice:${SECRET}`],
      users: "alice:other",
      message:
        "Option --user: 'alice' is in SLUICE_USERS too; keep one of them",
    },
    {
      args: [],
      users: SECRET,
      message: "SLUICE_USERS: a user is not NAME:PASSWORD",
    },
    {
      args: [],
      users: `bob:${SECRET}\tbob:${SECRET}`,
      message: "SLUICE_USERS: user 'bob' is given twice",
    },
    {
      args: ["--user", SECRET],
      users: "",
      message: "Option --user: a user is not NAME:PASSWORD",
    },
  ];
  for (const { args, users, message } of cases) {
    await t.step(message, async () => {
      const outcome = await withUsers(args, users);
      assertOneLine(outcome);
      assertEquals(outcome.stderr, `sluice: ${message}\n`);
      assertEquals(outcome.code, 2);
    });
  }
});

Deno.test("main() returns 1 when it cannot listen", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const cases = [
    {
      listen: `127.0.0.1:${port}`,
      message:
        `Cannot listen on 127.0.0.1:${port}: the port is in use; stop what uses it, or choose another (option --listen)`,
    },
    {
      listen: NOT_OURS,
      message:
        `Cannot listen on ${NOT_OURS}: 203.0.113.1 is not an address of this machine (option --listen)`,
    },
    {
      listen: "no-such-name.invalid:0",
      message:
        "Cannot listen on no-such-name.invalid:0: 'no-such-name.invalid' is not an address or name of this machine (option --listen)",
    },
  ];
  const answers = await commands.runAll(
    cases.map(({ listen }) => ["--listen", listen]),
  );
  for (const [at, { message }] of cases.entries()) {
    assertOneLine(answers[at]!);
    assertEquals(answers[at]!.stderr, `sluice: ${message}\n`);
    assertEquals(answers[at]!.code, 1);
  }
});

Deno.test("main() takes users from the environment when it is to listen for others", async () => {
  // The users lift the refusal; the address that is not ours ends it.
  const outcome = await withUsers(
    ["--listen", "0.0.0.0:0", "--listen", NOT_OURS],
    `alice:${SECRET} bob:x`,
  );
  assertOneLine(outcome);
  assertMatch(outcome.stderr, /^sluice: Cannot listen on 203\.0\.113\.1:0: /);
  assertEquals(outcome.code, 1);
});

Deno.test("main() prints the help on standard output and returns 0", async () => {
  const lines = [["--help"], ["-h"], ["proxy", "--help"]];
  const answers = await commands.runAll([...lines, [
    "help",
    "options",
    "proxy",
  ]]);
  for (const { code, text, stderr } of answers) {
    assertEquals(stderr, "");
    assert(text.startsWith("Usage: sluice "), text);
    assert(text.includes("\n  --listen HOST:PORT  "), text);
    assert(text.endsWith("\n") && !text.endsWith("\n\n"));
    assertEquals(code, 0);
  }
});

Deno.test("main() prints the version on standard output and returns 0", async () => {
  const lines = [["--version"], ["-V"], ["version"], ["cert", "-V"]];
  const version = { code: 0, text: `sluice ${project.version}\n`, stderr: "" };
  assertEquals(await commands.runAll(lines), lines.map(() => version));
});

Deno.test("main.ts ends with the code that main() returns", async () => {
  const { code, text, stderr } = await sluice(["--version"]);
  assertEquals([code, text, stderr], [0, `sluice ${project.version}\n`, ""]);
  assertEquals((await sluice(["--bogus"])).code, 2);
});

Deno.test("main() returns 0 when the reader of the output wants no more", async () => {
  const child = spawnSluice(["config", "schema"]);
  const [said, { code }] = await Promise.all([
    new Response(child.stderr).text(),
    child.status,
    child.stdout.cancel(),
  ]);
  assertEquals([code, said], [0, ""]);
});
