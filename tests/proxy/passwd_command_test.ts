import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  checkPassword,
  parsePasswordHash,
} from "../../lib/policy/users/password_hash.ts";
import { parseUsersFile } from "../../lib/policy/users/users_file.ts";
import { run, testPrograms } from "../support/programs.ts";
import {
  cacheEnvironment,
  SLUICE,
  sluice,
  sluiceAll,
} from "../support/sluice_commands.ts";

/** What a terminal gives and shows, typed as soon as a prompt is there. */
const TYPIST = `
import json, os, pty, sys, termios
command, typed = json.loads(sys.argv[1])
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
echoes = bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
printed = os.read(out, 4096)
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(json.dumps([status, shown.decode(), printed.decode(), echoes]))
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
    what: "takes what is typed twice and shows nothing of it",
    typed: ["pä:ss\r", "pä:ss\r"],
    code: 0,
    password: "pä:ss",
    shown: /^Password for alice: \r\nThe same again: \r\n$/,
  },
  {
    what: "takes back what is taken back",
    typed: ["passX\x7fw\n", "passw\n"],
    code: 0,
    password: "passw",
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

for (const { what, typed, code, password, shown } of TYPED) {
  testPrograms({
    name: `passwd ${what} at a terminal`,
    needs: ["python3"],
    async fn({ python3 }) {
      const said = JSON.stringify([[...SLUICE, "passwd", "alice"], typed]);
      const { text, stderr } = await run(python3, ["-c", TYPIST, said], {
        env: cacheEnvironment(),
      });
      assertEquals(stderr, "");
      const [status, screen, printed, echoes] = JSON.parse(text);
      assertEquals(status, code, screen);
      assertMatch(screen, shown);
      assert(echoes, "the terminal shows nothing any more");
      for (const word of typed) assert(!screen.includes(word.trim() || "\0"));
      if (password === undefined) assertEquals(printed, "");
      else assert(await isPassword(printed, password), printed);
    },
  });
}

const LINES: { what: string; stdin: string; password: string }[] = [
  { what: "a line", stdin: "secret\n", password: "secret" },
  { what: "a line of Windows", stdin: "secret\r\n", password: "secret" },
  { what: "no end of line", stdin: "secret", password: "secret" },
  { what: "several lines", stdin: "one\ntwo\n", password: "one" },
  {
    what: "a line, and a megabyte",
    stdin: `a\n${"x".repeat(2 ** 20)}`,
    password: "a",
  },
  { what: "spaces", stdin: "  a b  \n", password: "  a b  " },
  { what: "255 bytes", stdin: "p".repeat(255), password: "p".repeat(255) },
];

Deno.test("passwd reads a password from standard input", async () => {
  const answers = await sluiceAll(
    LINES.map(({ stdin }) => ({ args: ["passwd", "bob"], stdin })),
  );
  for (const [at, { what, password }] of LINES.entries()) {
    const { code, text, stderr } = answers[at]!;
    assertEquals([code, stderr], [0, ""], what);
    assertMatch(text, /^bob:\$scrypt\$[^\n]+\n$/);
    assert(await isPassword(text, password), what);
  }
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
  const answers = await sluiceAll(
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

Deno.test("passwd refuses bytes that are no text", async () => {
  const stdin = Uint8Array.of(0xff);
  const { code, text, stderr } = await sluice(["passwd", "bob"], { stdin });
  assertEquals([code, text], [1, ""]);
  assertEquals(
    stderr,
    `sluice: ${NO_PASSWORD} text without control characters\n`,
  );
});
