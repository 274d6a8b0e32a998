import { assert, assertEquals, assertMatch } from "@std/assert";
import { COMMANDS } from "../../lib/program/commands.ts";
import { parseOptions } from "../../lib/cli/parse_options.ts";
import { makeFolder, run, runOk, testPrograms } from "../support/programs.ts";
import { blocksOf, readBlocks } from "../support/readme.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const DEPLOY = `${ROOT}scripts/deploy/`;
const PROGRAM = "/usr/local/bin/sluice";

/** What checks each file of `scripts/deploy`, beside the tests here. */
const CHECKED_BY: Readonly<Record<string, string>> = {
  "Dockerfile": "image_test.ts",
  "grafana.json": "./grafana_test.ts",
  "haproxy.cfg": "haproxy_test.ts",
  "image_root.sh": "image_test.ts",
  "kubernetes.yaml": "kubernetes_test.ts",
  "sluice.service": "systemd_test.ts",
  "sluice.socket": "systemd_test.ts",
  "sluice@.service": "systemd_test.ts",
  "try_image.sh": "image_test.ts",
};

Deno.test("every block of the README is something that a test knows", () => {
  const kinds = new Set(readBlocks().map(({ kind }) => kind));
  for (const kind of ["commands", "configuration", "rules", "unit"] as const) {
    assert(kinds.has(kind), kind);
  }
});

Deno.test("every file of scripts/deploy is checked by a test", async () => {
  const names = [...Deno.readDirSync(DEPLOY)].map(({ name }) => name);
  assertEquals(names.toSorted(), Object.keys(CHECKED_BY).toSorted());
  for (const [name, test] of Object.entries(CHECKED_BY)) {
    const url = new URL(test, import.meta.url);
    assert((await Deno.readTextFile(url)).includes(name), `${test}: ${name}`);
  }
});

testPrograms({
  name: "logrotate rotates the log as the README says",
  needs: ["logrotate"],
  async fn({ logrotate }) {
    await using folder = await makeFolder();
    const { text } = blocksOf("logrotate")[0]!;
    const [config, log, state] = ["config", "sluice.log", "state"]
      .map((name) => `${folder.path}/${name}`) as [string, string, string];
    await Deno.writeTextFile(
      config,
      text.replace("/var/log/sluice.log", log),
      { mode: 0o644 },
    );
    const { code, stderr } = await run(logrotate, ["-d", "-s", state, config]);
    assertEquals([code, /^error:/m.test(stderr)], [0, false], stderr);
    // Sluice holds the file open, and writes at its end, as systemd opens it.
    using held = await Deno.open(log, { create: true, append: true });
    const write = (line: string) =>
      held.write(new TextEncoder().encode(`${line}\n`));
    await write("before");
    await runOk(logrotate, ["-f", "-s", state, config]);
    await write("after");
    assertEquals(await Deno.readTextFile(log), "after\n");
    const bytes = await Deno.readFile(`${log}.1.gz`);
    const old = new Response(bytes).body!
      .pipeThrough(new DecompressionStream("gzip"));
    assertEquals(await new Response(old).text(), "before\n");
  },
});

testPrograms({
  name: "systemd-analyze verifies the unit of the README",
  needs: ["systemd-analyze"],
  async fn({ "systemd-analyze": tool }) {
    await using folder = await makeFolder();
    for (const { text } of blocksOf("unit")) {
      const path = `${folder.path}/sluice.service`;
      await Deno.writeTextFile(
        path,
        text.replaceAll(PROGRAM, Deno.execPath()),
      );
      const { code, stderr } = await run(tool, [
        ...["verify", "--man=no", "--recursive-errors=no", path],
      ]);
      assertEquals([code, stderr], [0, ""]);
    }
  },
});

testPrograms({
  name: "fail2ban takes the jail of the README with each of its filters",
  needs: ["fail2ban-client"],
  async fn({ "fail2ban-client": client }) {
    const [jail] = blocksOf("fail2ban jail");
    for (const { text } of blocksOf("fail2ban filter")) {
      await using folder = await makeFolder();
      const at = (name: string) => `${folder.path}/${name}`;
      await runOk("cp", ["-rT", "/etc/fail2ban", folder.path]);
      // The machine's own jails are for services that it may not have.
      await Deno.remove(at("jail.d"), { recursive: true });
      await Deno.remove(at("jail.local")).catch(() => {});
      await Deno.mkdir(at("jail.d"));
      await Deno.writeTextFile(at("sluice.log"), "");
      await Deno.writeTextFile(at("filter.d/sluice.conf"), text);
      await Deno.writeTextFile(
        at("jail.d/sluice.conf"),
        jail!.text.replace("/var/log/sluice.log", at("sluice.log")),
      );
      const said = await runOk(client, ["-c", folder.path, "-d"]);
      assertMatch(said, /\['add', 'sluice', 'polling'\]/);
      assertMatch(said, /'sluice', 'maxretry', 1\]/);
      const { code, stderr } = await run(client, ["-c", folder.path, "-t"]);
      assertEquals(code, 0, stderr);
    }
  },
});

testPrograms({
  name: "promtool takes the configuration of the README",
  needs: ["promtool"],
  async fn({ promtool }) {
    await using folder = await makeFolder();
    const token = `${folder.path}/sluice.token`;
    await Deno.writeTextFile(token, "0123456789abcdef");
    for (const { text } of blocksOf("prometheus")) {
      const path = `${folder.path}/prometheus.yml`;
      await Deno.writeTextFile(
        path,
        text.replace("/etc/prometheus/sluice.token", token),
      );
      const { code, text: said, stderr } = await run(promtool, [
        ...["check", "config", path],
      ]);
      assertEquals(code, 0, said + stderr);
      assertMatch(said, /SUCCESS/);
    }
  },
});

Deno.test("sluice check has nothing to say about the file of the README", async () => {
  await using folder = await makeFolder();
  await Deno.writeTextFile(`${folder.path}/bob.txt`, "secret\n", {
    mode: 0o600,
  });
  for (const { text } of blocksOf("configuration")) {
    const path = `${folder.path}/sluice.jsonc`;
    await Deno.writeTextFile(path, text);
    const { code, stderr } = await sluice(["check", "-c", path]);
    assertEquals(code, 0, stderr);
  }
});

Deno.test("sluice rules list reads every list of rules of the README", async () => {
  await using folder = await makeFolder();
  const blocks = blocksOf("rules");
  assertEquals(blocks.length, 6);
  for (const { line, text } of blocks) {
    const path = `${folder.path}/rules.txt`;
    await Deno.writeTextFile(path, text);
    const { code, stderr } = await sluice(["rules", "list", "--rules", path]);
    assertEquals(code, 0, `README.md:${line}: ${stderr}`);
  }
});

Deno.test("every block of commands in the README is what a shell takes", async () => {
  for (const { line, text } of blocksOf("commands")) {
    const { code, stderr } = await run("/bin/sh", ["-n"], { stdin: text });
    assertEquals(code, 0, `README.md:${line}: ${stderr}`);
  }
});

const LINES = await commandLines();

Deno.test("command lines are found where they stand", () => {
  const places = LINES.map(({ where }) => where.replace(/:\d+$/, ""));
  assertEquals(
    [...new Set(places)].toSorted(),
    ["--help", "README.md", "haproxy.cfg", "sluice.service", "sluice@.service"],
  );
  assert(LINES.length > 80, `${LINES.length}`);
});

for (const { command, where } of LINES) {
  Deno.test(`${where} has options that there are: ${command}`, async () => {
    const { name, rest } = findCommand(wordsOf(command));
    const { options } = await COMMANDS[name]!.load();
    await parseOptions(rest, options);
  });
}

function sluice(args: string[]) {
  return run(Deno.execPath(), ["run", "-A", `${ROOT}main.ts`, ...args], {
    env: { ALICE_PASSWORD: "secret" },
  });
}

interface CommandLine {
  where: string;
  command: string;
}

/** Command lines of the program in the README, `scripts/deploy` and `--help`. */
async function commandLines(): Promise<CommandLine[]> {
  const ofReadme = [...blocksOf("commands"), ...blocksOf("unit")]
    .map(({ line, text }) => ({ where: `README.md:${line}`, text }));
  const ofDeploy = await Promise.all(
    ["haproxy.cfg", "sluice.service", "sluice@.service"].map(async (name) => ({
      where: name,
      text: await Deno.readTextFile(DEPLOY + name),
    })),
  );
  const commands = await Promise.all(
    Object.values(COMMANDS).map(({ load }) => load()),
  );
  const ofHelp = commands.flatMap(({ examples }) =>
    examples.map(([line]) => ({ where: "--help", text: line }))
  );
  return [...ofReadme, ...ofDeploy, ...ofHelp].flatMap(({ text, where }) =>
    text.replaceAll(/\\\n(?:#\s*)?\s*/g, " ").split("\n")
      .map((line) =>
        /^(?:#\s+|ExecStart=|SLUICE_USERS=\S+ )?(?:\/usr\/local\/bin\/)?(sluice(?: .*)?)$/
          .exec(line)?.[1]
      )
      .filter((command) => command !== undefined)
      .map((command) => ({ where, command: withoutShell(command) }))
  );
}

/** Without what is the shell's: comments, redirections, other commands. */
function withoutShell(command: string): string {
  return command
    .replace(/\s#.*$/, "")
    .replace(/(?:\s\d)?\s?(?:[|<>;]|&(?:&|$)).*$/, "")
    .trim();
}

/** As the shell splits them: there are no quotes within words here. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)]
    .map(([, single, double, plain]) => single ?? double ?? plain!)
    .slice(1);
}

function findCommand(words: string[]): { name: string; rest: string[] } {
  const [first = "", second = ""] = words;
  const both = `${first} ${second}`;
  if (Object.hasOwn(COMMANDS, both)) {
    return { name: both, rest: words.slice(2) };
  }
  if (Object.hasOwn(COMMANDS, first)) {
    return { name: first, rest: words.slice(1) };
  }
  assert(first === "" || first.startsWith("-"), `no such command: ${first}`);
  return { name: "proxy", rest: words };
}
