import { assert, assertEquals, assertMatch } from "@std/assert";
import project from "../../deno.json" with { type: "json" };

const ROOT = new URL("../../", import.meta.url);

/** For documentation (RFC 5737), so an address of no machine. */
const NOT_OURS = "203.0.113.1:0";

const SECRET = "hunter2-hunter2";

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the program to its end; it is killed where it does not end. */
async function sluice(args: string[], users = ""): Promise<Outcome> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), 30_000);
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "main.ts", ...args],
    cwd: ROOT,
    env: { SLUICE_USERS: users, NO_COLOR: "1" },
    stdin: "null",
    signal: controller.signal,
  });
  const { code, stdout, stderr } = await command.output();
  clearTimeout(timer);
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** Asserts that the program failed in one line that a person can act on. */
function assertOneLine({ stdout, stderr }: Outcome): void {
  assertEquals(stdout, "");
  assertMatch(stderr, /^sluice: [^\n]+\n$/);
  assert(!/^\s+at |Uncaught|error:|file:\/\//m.test(stderr), stderr);
}

Deno.test("main() returns 2 and says what is wrong with the arguments", async (t) => {
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
  for (const { args, message } of cases) {
    await t.step(JSON.stringify(args), async () => {
      const outcome = await sluice(args);
      assertOneLine(outcome);
      assertEquals(outcome.stderr, `sluice: ${message}\n`);
      assertEquals(outcome.code, 2);
    });
  }
});

Deno.test("main() returns 2 when others could use the proxy unasked", async () => {
  const outcome = await sluice(["--listen", "0.0.0.0:0"]);
  assertOneLine(outcome);
  assertMatch(
    outcome.stderr,
    /^sluice: Refusing to listen on 0\.0\.0\.0:\d+: .*--user .*--open/,
  );
  assertEquals(outcome.code, 2);
});

Deno.test("main() returns 2 and tells no password when users are wrong", async (t) => {
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
      const outcome = await sluice(args, users);
      assertOneLine(outcome);
      assertEquals(outcome.stderr, `sluice: ${message}\n`);
      assertEquals(outcome.code, 2);
    });
  }
});

Deno.test("main() returns 1 when it cannot listen", async (t) => {
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
  for (const { listen, message } of cases) {
    await t.step(listen, async () => {
      const outcome = await sluice(["--listen", listen]);
      assertOneLine(outcome);
      assertEquals(outcome.stderr, `sluice: ${message}\n`);
      assertEquals(outcome.code, 1);
    });
  }
});

Deno.test("main() takes users from the environment when it is to listen for others", async () => {
  // The users lift the refusal; the address that is not ours ends it.
  const outcome = await sluice(
    ["--listen", "0.0.0.0:0", "--listen", NOT_OURS],
    `alice:${SECRET} bob:x`,
  );
  assertOneLine(outcome);
  assertMatch(outcome.stderr, /^sluice: Cannot listen on 203\.0\.113\.1:0: /);
  assertEquals(outcome.code, 1);
});

Deno.test("main() prints the help on standard output and returns 0", async () => {
  const outcomes = await Promise.all(
    [["--help"], ["-h"], ["proxy", "--help"], ["help", "options", "proxy"]]
      .map((args) => sluice(args)),
  );
  for (const { code, stdout, stderr } of outcomes) {
    assertEquals(stderr, "");
    assert(stdout.startsWith("Usage: sluice "), stdout);
    assert(stdout.includes("\n  --listen HOST:PORT  "), stdout);
    assert(stdout.endsWith("\n") && !stdout.endsWith("\n\n"));
    assertEquals(code, 0);
  }
});

Deno.test("main() prints the version on standard output and returns 0", async () => {
  for (const args of [["--version"], ["-V"], ["version"], ["cert", "-V"]]) {
    const outcome = await sluice(args);
    assertEquals(outcome, {
      code: 0,
      stdout: `sluice ${project.version}\n`,
      stderr: "",
    });
  }
});
