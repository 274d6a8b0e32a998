import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  checkPassword,
  parsePasswordHash,
} from "../../lib/policy/users/password_hash.ts";
import { parseUsersFile } from "../../lib/policy/users/users_file.ts";
import { run, testPrograms } from "../support/programs.ts";
import {
  cacheEnvironment,
  sharedCommands,
  sluiceWords,
} from "../support/sluice_commands.ts";

const commands = sharedCommands();

/** `sluice passwd`, again and again. */
const AGAIN = sluiceWords([], { module: "tests/proxy/typed_passwords.ts" });

/**
 * Runs commands at a terminal, each with texts that it types as soon as a
 * prompt is there. At a question it types END, which the terminal shows only
 * if it shows what is typed. Returns what the terminal and the command's
 * output give.
 */
const TYPIST = `
import json, os, pty, sys, termios

def type_in(command, typed):
    out, into = os.pipe()
    pid, terminal = pty.fork()
    if pid == 0:
        os.dup2(into, 1)
        os.close(out)
        os.close(into)
        os.execv(command[0], command)
    os.close(into)
    shown = since = b""
    while True:
        try:
            more = os.read(terminal, 4096)
        except OSError:
            break
        if not more:
            break
        shown += more
        since += more
        if typed and since.endswith(b": "):
            os.write(terminal, typed.pop(0).encode())
            since = b""
        elif since.endswith(b"? "):
            os.write(terminal, b"END\\n")
            since = b""
    echoes = bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
    printed = os.read(out, 4096)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return [status, shown.decode(), printed.decode(), echoes]

print(json.dumps([type_in(*one) for one in json.loads(sys.argv[1])]))
`;

async function isPassword(line: string, password: string): Promise<boolean> {
  const [user] = parseUsersFile(line);
  const bytes = new TextEncoder().encode(password);
  return await checkPassword(bytes, parsePasswordHash(user!.hash));
}

const TYPED: {
  what: string;
  typed: string[];
  code: number;
  password?: string;
  shown: RegExp;
}[] = [
  {
    what: "takes what is typed twice, shows nothing of it, and deletes",
    typed: ["pä:sX\x7fs\r", "pä:ss\r"],
    code: 0,
    password: "pä:ss",
    shown: /^Password for alice: \r\nThe same again: \r\n$/,
  },
  {
    what: "asks again where the two differ",
    typed: ["one\n", "two\n", "three\n", "three\n"],
    code: 0,
    password: "three",
    shown:
      /^Password for alice: \r\nThe same again: \r\nThey differ\.\r\nPassword for alice: \r\nThe same again: \r\n$/,
  },
  {
    what: "gives up after three times",
    typed: ["qa\n", "qb\n", "qc\n", "qd\n", "qe\n", "qf\n"],
    code: 1,
    shown:
      /sluice: Cannot take this password: the two passwords differed 3 times\r\n$/,
  },
  {
    what: "refuses nothing",
    typed: ["\n", "\n"],
    code: 1,
    shown: /Cannot take this password: expected 1 to 255 bytes, not 0\r\n$/,
  },
  {
    what: "refuses arrow keys",
    typed: ["ab\x1b[D\n", "ab\x1b[D\n"],
    code: 1,
    shown: /Cannot take this password: expected text without control char/,
  },
  {
    what: "ends with Ctrl-D when nothing was typed",
    typed: ["\x04", "\x04"],
    code: 1,
    shown: /Cannot take this password: expected 1 to 255 bytes, not 0\r\n$/,
  },
  {
    what: "ends with Ctrl-C",
    typed: ["abc\x03"],
    code: 1,
    shown:
      /^Password for alice: \r\nsluice: Cannot take this password: Ctrl-C was typed\r\n$/,
  },
];

testPrograms({
  name: "passwd asks at a terminal",
  needs: ["python3"],
  async fn({ python3 }) {
    const [alone, ...together] = TYPED.toReversed();
    const given = JSON.stringify([
      [sluiceWords(["passwd", "alice"]), alone!.typed],
      [
        [...AGAIN, String(together.length)],
        together.flatMap(({ typed }) => typed),
      ],
    ]);
    const { text, stderr } = await run(python3, ["-c", TYPIST, given], {
      env: cacheEnvironment(),
    });
    assertEquals(stderr, "");
    const [one, others]: [number, string, string, boolean][] = JSON.parse(text);
    const [status, screen, printed, echoes] = one!;
    assertEquals(status, alone!.code, screen);
    assert(echoes, "the terminal shows nothing any more");
    await assertTyped(alone!, screen, printed);

    const screens = others![1].split(/\0(\d)\? (.*)\r\n/);
    const lines = others![2].split("\0");
    for (const [at, one] of together.entries()) {
      const [screen, code, shown] = screens.slice(3 * at);
      assertEquals(Number(code), one.code, `${one.what}: ${screen}`);
      assertEquals(
        shown,
        "END",
        `${one.what}: the terminal hides what follows`,
      );
      await assertTyped(one, screen!, lines[at]!);
    }
    assertEquals(lines.length, together.length + 1);
  },
});

async function assertTyped(
  { what, typed, password, shown }: typeof TYPED[number],
  screen: string,
  printed: string,
): Promise<void> {
  assertMatch(screen, shown, what);
  for (const word of typed) assert(!screen.includes(word.trim() || "\0"));
  if (password === undefined) assertEquals(printed, "", what);
  else assert(await isPassword(printed, password), `${what}: ${printed}`);
}

Deno.test("passwd makes a line from standard input", async () => {
  const line = { args: ["passwd", "bob"], stdin: "secret\n" };
  const { code, text, stderr } = await commands.run(line);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(text, /^bob:\$scrypt\$[^\n]+\n$/);
  assert(await isPassword(text, "secret"), text);
});

const NO_PASSWORD = "Cannot take this password: expected";
const FAULTS: {
  args?: string[];
  stdin?: string;
  code: number;
  message: string;
}[] = [
  { stdin: "", code: 1, message: `${NO_PASSWORD} 1 to 255 bytes, not 0` },
  { stdin: "\nx", code: 1, message: `${NO_PASSWORD} 1 to 255 bytes, not 0` },
  {
    stdin: "p".repeat(256),
    code: 1,
    message: `${NO_PASSWORD} 1 to 255 bytes, not 256`,
  },
  {
    stdin: "p".repeat(2 ** 20),
    code: 1,
    message: `${NO_PASSWORD} 1 to 255 bytes, not 65536 and more`,
  },
  {
    stdin: "a\tb",
    code: 1,
    message: `${NO_PASSWORD} text without control characters`,
  },
  {
    args: [],
    code: 2,
    message: "Argument NAME: it is missing; give one name",
  },
  {
    args: ["a", "b"],
    code: 2,
    message:
      "Argument NAME: 2 words were given; give only a name; Sluice asks for the password",
  },
  {
    args: ["a:b"],
    code: 2,
    message: "Argument NAME: expected a name without a colon",
  },
  {
    args: ["--stdin", "a"],
    code: 2,
    message: "Unknown option '--stdin'; see --help",
  },
];

Deno.test("passwd reports an error in one line", async () => {
  const answers = await commands.runAll(
    FAULTS.map(({ args = ["bob"], stdin = "secret" }) => ({
      args: ["passwd", ...args],
      stdin,
    })),
  );
  for (const [at, { code, message }] of FAULTS.entries()) {
    const stderr = `sluice: ${message}\n`;
    assertEquals(answers[at], { code, text: "", stderr });
  }
});
