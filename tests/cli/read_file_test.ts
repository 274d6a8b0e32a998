import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";

import type { Option } from "../../lib/cli/option.ts";
import { PROXY_OPTIONS } from "../../lib/proxy/options.ts";
import { FileError } from "../../lib/cli/file_error.ts";
import { readFile, readText } from "../../lib/cli/read_file.ts";
import { makeFolder, run } from "../support/programs.ts";
import {
  type Answer,
  cacheEnvironment,
  SLUICE,
  sluiceAll,
} from "../support/sluice_commands.ts";
import { CERTIFICATE, KEY } from "../support/tls_identity.ts";
import { within } from "../support/sockets.ts";
import { hashedUser, lineOf } from "../support/users.ts";

const MOST = 16 * 2 ** 20;

async function makePipe(path: string): Promise<void> {
  const { code } = await run("mkfifo", [path]);
  assertEquals(code, 0);
}

Deno.test("readFile() reads a file of the largest size and refuses a larger one", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/file`;
  await Deno.writeFile(path, new Uint8Array(MOST));
  assertEquals((await readFile(path)).length, MOST);
  await Deno.writeFile(path, new Uint8Array(1), { append: true });
  await assertRejects(
    () => readFile(path),
    FileError,
    `cannot read ${path}: it is larger than 16 MiB`,
  );
  await Deno.writeTextFile(path, "12345678");
  assertEquals(await readText(path, { most: 8 }), "12345678");
  await assertRejects(() => readText(path, { most: 7 }), FileError, "larger");
});

Deno.test("readFile() stops reading an endless file", async () => {
  const started = performance.now();
  await assertRejects(
    () => readFile("/dev/zero"),
    FileError,
    "cannot read /dev/zero: it is larger than 16 MiB",
  );
  await assertRejects(
    () => readFile("/dev/zero", { most: 65_536 }),
    FileError,
    "cannot read /dev/zero: it is larger than 64 KiB",
  );
  assert(performance.now() - started < 5_000);
  assertEquals((await readFile("/dev/null")).length, 0);
});

Deno.test("readFile() reads a pipe to its end, and returns the same again", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/pipe`;
  await makePipe(path);
  const first = readText(path);
  const same = readText(path);
  {
    using writer = await Deno.open(path, { write: true });
    for (let count = 0; count < 3_000; count++) {
      await writer.write(new TextEncoder().encode("0123456789"));
    }
  }
  const want = "0123456789".repeat(3_000);
  for (const read of [first, same, readText(path)]) {
    assertEquals(await within(10_000, read), want);
  }
  await assertRejects(() => readText(path, { most: 9 }), FileError, "larger");
});

Deno.test("readFile() waits for the end of a pipe no longer than its limit", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/pipe`;
  await makePipe(path);
  const late = `cannot read ${path}: it did not end within 0.1 s`;
  // First nobody writes to it, then somebody who never ends.
  await assertRejects(() => readFile(path, { patience: 100 }), FileError, late);
  // Opened for reading too, because the reader above may leave before the next
  // one has opened the pipe.
  using writer = await Deno.open(path, { read: true, write: true });
  await writer.write(new TextEncoder().encode("begun"));
  await assertRejects(() => readFile(path, { patience: 100 }), FileError, late);
});

Deno.test("readFile() says what it found instead of a file", async () => {
  await using folder = await makeFolder();
  const { path } = folder;
  await Deno.writeFile(`${path}/bytes`, Uint8Array.of(0xff));
  const cases = [
    [`${path}/none`, "there is no such file"],
    [path, "it is a folder"],
    [`${path}/bytes`, "it is not UTF-8"],
  ] as const;
  for (const [name, reason] of cases) {
    const error = await assertRejects(() => readText(name), FileError);
    assertEquals(error.reason, reason);
    assertEquals(error.message, `cannot read ${name}: ${reason}`);
    assertEquals(error.isMissing, reason === "there is no such file");
  }
});

/** Options that name a file, with the options that they need. */
const FILE_OPTIONS: readonly (readonly [name: string, ...others: string[]])[] =
  [
    ["users"],
    ["rules"],
    ["tls-cert", "--tls-key", "tls.key"],
    ["tls-key", "--tls-cert", "tls.crt"],
    ["tls-client-ca", "--tls-cert", "tls.crt", "--tls-key", "tls.key"],
    [
      "tls-crl",
      ...["--tls-cert", "tls.crt", "--tls-key", "tls.key"],
      ...["--tls-client-ca", "tls.crt"],
    ],
    ["upstream-ca", "--via", "https://127.0.0.1:1"],
    [
      "upstream-cert",
      ...["--via", "https://127.0.0.1:1", "--upstream-key", "tls.key"],
    ],
    [
      "upstream-key",
      ...["--via", "https://127.0.0.1:1", "--upstream-cert", "tls.crt"],
    ],
    ["admin-token-file", "--admin", "127.0.0.1:0"],
    ["fleet-ca", "--fleet", "redis://127.0.0.1:1"],
    [
      "fleet-cert",
      ...["--fleet", "redis://127.0.0.1:1", "--fleet-key", "tls.key"],
    ],
    [
      "fleet-key",
      ...["--fleet", "redis://127.0.0.1:1", "--fleet-cert", "tls.crt"],
    ],
    ["quota-file", "--user", "a:b", "--quota-per-user", "1MB"],
  ];

async function writeFiles(folder: string): Promise<void> {
  await Deno.writeTextFile(`${folder}/tls.crt`, CERTIFICATE);
  await Deno.writeTextFile(`${folder}/tls.key`, KEY, { mode: 0o600 });
  await Deno.writeTextFile(`${folder}/rules`, "deny port 25\n");
  await Deno.writeTextFile(`${folder}/token`, "0123456789abcdef", {
    mode: 0o600,
  });
}

function assertTold({ code, stderr }: Answer, path: string): void {
  assertEquals(code, 1, stderr);
  assert(
    stderr.startsWith("sluice: Cannot read ") &&
      stderr.includes(`${path}: it is larger than 16 MiB`),
    stderr,
  );
}

Deno.test("FILE_OPTIONS contains every option with a file", () => {
  const names = Object.entries(PROXY_OPTIONS)
    .filter(([, option]: [string, Option<unknown>]) => option.kind === "path")
    .map(([name]) => name);
  assertEquals(FILE_OPTIONS.map(([name]) => name).sort(), names.sort());
});

Deno.test("every option with a file refuses an endless file", async () => {
  await using folder = await makeFolder();
  await writeFiles(folder.path);
  const commands = [
    ...FILE_OPTIONS.map(([name, ...others]) => [
      ...["--listen", "127.0.0.1:0", `--${name}`, "/dev/zero"],
      ...others.map((word) =>
        word.startsWith("tls.") ? `${folder.path}/${word}` : word
      ),
    ]),
    ...["run", "check", "doctor"].map((word) => [word, "-c", "/dev/zero"]),
  ];
  for (const answer of await sluiceAll(commands)) {
    assertTold(answer, "/dev/zero");
  }
});

/** A command for a shell with `<(…)`; `sluice` is the program. */
function bash(folder: string, line: string): [string, string[]] {
  const program = SLUICE.map((word) => `'${word}'`).join(" ");
  const text = `cd '${folder}'; sluice() { ${program} "$@"; }; ${line}`;
  return ["bash", ["-c", text.replace("exec sluice", `exec ${program}`)]];
}

/** Starts a server, stops it, and returns its output. */
async function serve(folder: string, line: string): Promise<string> {
  const [path, args] = bash(folder, `exec ${line}`);
  const child = new Deno.Command(path, {
    args,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let output = "";
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    const isStarted = output.includes("Admin page");
    output += text;
    if (!isStarted && output.includes("Admin page")) child.kill("SIGTERM");
  }
  const { code } = await within(30_000, child.status);
  assertEquals(code, 0, output);
  return output;
}

Deno.test("every option with a file reads a shell's pipe in every thread", async (t) => {
  await using folder = await makeFolder();
  await writeFiles(folder.path);
  const user = await hashedUser("alice", "hunter22");
  await Deno.writeTextFile(`${folder.path}/users`, lineOf(user));
  const line = `sluice --listen 127.0.0.1:0 \
      --users <(cat users) --rules <(cat rules) \
      --tls-cert <(cat tls.crt) --tls-key <(cat tls.key) \
      --via https://127.0.0.1:1 --upstream-ca <(cat tls.crt) \
      --upstream-cert <(cat tls.crt) --upstream-key <(cat tls.key) \
      --admin 127.0.0.1:0 --admin-token-file <(cat token)`;
  for (const workers of [1, 2]) {
    await t.step(`${workers} workers`, async () => {
      const said = await serve(folder.path, `${line} --workers ${workers}`);
      assertMatch(said, /Open to 1 user on this machine; targets by 1 rule /);
      assertEquals(/warning|error/.test(said), false, said);
    });
  }
  const config = {
    "admin": "127.0.0.1:0",
    "admin-token-file": "token",
    "listeners": [{
      "kind": "proxy",
      "listen": "127.0.0.1:0",
      "rules": "/dev/fd/9",
      "user": "bob:file:token",
      "on-change": "cut",
    }],
  };
  for (const workers of [1, 2]) {
    await t.step(`a configuration with ${workers} workers`, async () => {
      const text = JSON.stringify({ workers, ...config });
      await Deno.writeTextFile(`${folder.path}/config`, text);
      const files = "-c <(cat config) 9< <(cat rules)";
      const said = await serve(folder.path, `sluice run ${files}`);
      assertMatch(said, /Open to 1 user on this machine; targets by 1 rule /);
      assertEquals(/warning|error/.test(said), false, said);
    });
  }
  await t.step("check", async () => {
    const files = "-c <(cat config) 9< <(cat rules)";
    const [path, args] = bash(folder.path, `sluice check ${files}`);
    const { code, stderr, text } = await run(path, args, {
      env: cacheEnvironment(),
    });
    assertEquals(stderr, "");
    assertEquals(text, "/dev/fd/63: 1 listener, nothing wrong\n");
    assertEquals(code, 0);
  });
});
