import { assertEquals, assertMatch } from "@std/assert";
import { COMMANDS } from "../../lib/program/commands.ts";
import { makeFolder, run } from "../support/programs.ts";
import {
  cacheEnvironment,
  sharedCommands,
} from "../support/sluice_commands.ts";

const MISTAKEN = new URL("./mistaken_sluice.ts", import.meta.url);

const commands = sharedCommands();

function mistaken(kind: string, args: readonly string[]) {
  return run(Deno.execPath(), ["run", "-A", MISTAKEN.pathname, kind, ...args], {
    env: cacheEnvironment(),
    stdin: "hunter22\n",
  });
}

/** Every command: what it does something with. */
const ARGS: Readonly<Record<string, readonly string[]>> = {
  "proxy": ["--help"],
  "forward": ["--help"],
  "echo": ["--help"],
  "hub": ["--help"],
  "connect": ["--help"],
  "top": ["--help"],
  "fleet status": ["--help"],
  "fleet drain": ["--help"],
  "run": ["--help"],
  "check": ["-c", "FOLDER/sluice.json"],
  "config example": [],
  "config print": [],
  "config schema": [],
  "passwd": ["alice"],
  "doctor": ["--listen", "127.0.0.1:0"],
  "help": ["tls"],
  "completion": ["bash"],
  "exec": ["--help"],
  "rules list": [],
  "rules presets": [],
  "rules test": ["--target", "127.0.0.1:1"],
  "rules learn": ["FOLDER/proxy.log"],
  "rules replay": ["FOLDER/proxy.log", "--rule", "deny"],
  "rules explain": ["FOLDER/rules.txt"],
  "cert init": ["--dir", "FOLDER/new"],
  "cert issue": ["--dir", "FOLDER/ca", "bob", "--client"],
  "cert list": ["--dir", "FOLDER/ca"],
  "cert bundle": ["--dir", "FOLDER/ca", "alice"],
  "cert revoke": ["--dir", "FOLDER/ca", "alice"],
};

Deno.test("an internal error of any command is one line and exit code 1", async () => {
  await using folder = await makeFolder();
  await Deno.writeTextFile(
    `${folder.path}/sluice.json`,
    '{ "listeners": [{ "kind": "echo", "listen": "127.0.0.1:0" }] }',
  );
  await Deno.writeTextFile(`${folder.path}/proxy.log`, "");
  await Deno.writeTextFile(`${folder.path}/rules.txt`, "default deny\n");
  const dir = ["--dir", `${folder.path}/ca`];
  assertEquals(Object.keys(ARGS).sort(), Object.keys(COMMANDS).sort());
  const made = await commands.runAll([
    ["cert", "init", ...dir],
    ["cert", "issue", ...dir, "alice", "--client"],
  ]);
  assertEquals(made.map(({ code }) => code), [0, 0]);
  const answers = await commands.runAll(
    Object.entries(ARGS).map(([name, given]) => ({
      args: [...name.split(" "), ...given]
        .map((word) => word.replace("FOLDER", folder.path)),
      stdin: "hunter22\n",
      fails: "sabotage",
    })),
  );
  for (const [at, name] of Object.keys(ARGS).entries()) {
    const { code, stderr } = answers[at]!;
    assertEquals(stderr, "sluice: Internal error: sabotage\n", name);
    assertEquals(code, 1, name);
  }
});

Deno.test("an unhandled rejection is one line and exit code 1", async (t) => {
  for (const kind of ["rejection", "exception"]) {
    await t.step(kind, async () => {
      const { code, stderr } = await mistaken(kind, [
        ...["doctor", "--listen", "127.0.0.1:0"],
      ]);
      assertEquals(stderr, "sluice: Internal error: sabotage\n");
      assertEquals(code, 1);
    });
  }
});

Deno.test("doctor looks at a proxy that is to have several workers", async () => {
  for (const workers of ["2", "auto"]) {
    const args = ["doctor", "--json", "--workers", workers];
    const listen = ["--listen", "127.0.0.1:0", "--max-connections", "20"];
    const { code, stderr, text } = await commands.run([
      ...args,
      ...listen,
    ]);
    assertEquals(stderr, "");
    const { worst, findings } = JSON.parse(text);
    assertEquals(code, worst === "problem" ? 1 : 0);
    const permissions = findings
      .find(({ check }: { check: string }) => check === "permissions");
    assertMatch(
      permissions.remedy,
      new RegExp(`--workers ${workers} --listen 127\\.0\\.0\\.1:0`),
    );
  }
});

Deno.test("exec tells an internal error and lets the command go on", async () => {
  const { code, stderr, text } = await mistaken("spawned", [
    ...["exec", "--no-isolation", "--quiet", "--"],
    ...["sh", "-c", "sleep 0.2; echo alive; exit 6"],
  ]);
  assertEquals([code, text], [6, "alive\n"]);
  assertMatch(stderr, /^sluice: Internal error: sabotage$/m);
});
