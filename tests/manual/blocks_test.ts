import { assert, assertEquals, assertMatch } from "@std/assert";
import { parseAll } from "@std/yaml";
import { parseOptions } from "../../lib/cli/parse_options.ts";
import { EXEC_OPTIONS } from "../../lib/exec/options.ts";
import { sharedCommands } from "../support/sluice_commands.ts";
import { makeFolder, run, runOk, testPrograms } from "../support/programs.ts";
import { blocksOf, readBlocks } from "../support/documents.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const DEPLOY = `${ROOT}scripts/deploy/`;
const commands = sharedCommands();

const PROGRAM = "/usr/local/bin/sluice";

/** What checks each file of `scripts/deploy`, beside the tests here. */
const CHECKED_BY: Readonly<Record<string, string>> = {
  "Dockerfile": "../deploy/image_test.ts",
  "deb": "../deploy/artefacts_test.ts",
  "fleet/compose.yaml": "../deploy/fleet/topology.ts",
  "fleet/fleet.conf": "../deploy/fleet/kubernetes_test.ts",
  "fleet/kubernetes.yaml": "../deploy/fleet/kubernetes_test.ts",
  "grafana.json": "../deploy/grafana_test.ts",
  "haproxy.cfg": "../deploy/haproxy_test.ts",
  "image_root.sh": "../deploy/image_test.ts",
  "kubernetes.yaml": "../deploy/kubernetes_test.ts",
  "release_notes.sh": "../deploy/workflows_test.ts",
  "sluice.service": "../deploy/systemd_test.ts",
  "sluice.socket": "../deploy/systemd_test.ts",
  "sluice@.service": "../deploy/systemd_test.ts",
  "try_deb.sh": "../deploy/artefacts_test.ts",
  "try_image.sh": "../deploy/image_test.ts",
  "try_program.sh": "../deploy/workflows_test.ts",
};

Deno.test("every block of the documents is something that a test knows", () => {
  const kinds = new Set(readBlocks().map(({ kind }) => kind));
  for (
    const kind of [
      "commands",
      "configuration",
      "log",
      "output",
      "rules",
      "script",
      "unit",
    ] as const
  ) {
    assert(kinds.has(kind), kind);
  }
});

Deno.test("every file of scripts/deploy is checked by a test", async () => {
  const names = [...Deno.readDirSync(DEPLOY)].flatMap((
    { isDirectory, name },
  ) =>
    // A folder that one test checks as a whole has one entry.
    isDirectory && !Object.hasOwn(CHECKED_BY, name)
      ? [...Deno.readDirSync(DEPLOY + name)].map((file) =>
        `${name}/${file.name}`
      )
      : [name]
  );
  assertEquals(names.toSorted(), Object.keys(CHECKED_BY).toSorted());
  for (const [name, test] of Object.entries(CHECKED_BY)) {
    const url = new URL(test, import.meta.url);
    const [file] = name.split("/").slice(-1);
    assert((await Deno.readTextFile(url)).includes(file!), `${test}: ${name}`);
  }
});

testPrograms({
  name: "logrotate rotates the log as the manual says",
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
  name: "systemd-analyze verifies the unit of the manual",
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
  name: "fail2ban takes the jail of the manual with each of its filters",
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
      const said = await runOk(client, ["-c", folder.path, "-d", "-t"]);
      assertMatch(said, /\['add', 'sluice', 'polling'\]/);
      assertMatch(said, /'sluice', 'maxretry', 1\]/);
    }
  },
});

testPrograms({
  name: "promtool takes the configuration of the manual",
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

Deno.test("sluice check has nothing to say about the file of the manual", async () => {
  await using folder = await makeFolder();
  await Deno.writeTextFile(`${folder.path}/bob.txt`, "secret\n", {
    mode: 0o600,
  });
  for (const { text } of blocksOf("configuration")) {
    const path = `${folder.path}/sluice.jsonc`;
    await Deno.writeTextFile(path, text);
    const { code, stderr } = await commands.run({
      args: ["check", "-c", path],
      env: { ALICE_PASSWORD: "secret" },
    });
    assertEquals(code, 0, stderr);
  }
});

Deno.test("sluice rules list reads every list of rules of the manual", async () => {
  await using folder = await makeFolder();
  const blocks = blocksOf("rules");
  assertEquals(blocks.length, 10);
  const lines = await Promise.all(blocks.map(async ({ text }, index) => {
    const path = `${folder.path}/${index}.txt`;
    await Deno.writeTextFile(path, text);
    return ["rules", "list", "--rules", path];
  }));
  for (
    const [index, { code, stderr }] of (await commands.runAll(lines)).entries()
  ) {
    assertEquals(code, 0, `${blocks[index]!.where}: ${stderr}`);
  }
});

Deno.test("deno check finds nothing wrong in the programs of the manual", async () => {
  const paths = new Set(
    blocksOf("program").map(({ where }) => where.replace(/:\d+$/, "")),
  );
  // `deno task check` has checked this one, so Deno has its answer ready.
  assertEquals([...paths], ["lib/manual/library.md"]);
  const command = new Deno.Command(Deno.execPath(), {
    args: ["check", "--doc-only", ...paths],
    cwd: new URL("../../", import.meta.url),
    env: { NO_COLOR: "1" },
  });
  const { success, stderr } = await command.output();
  assert(success, new TextDecoder().decode(stderr));
});

Deno.test("the workflow of the manual is one, and its options are Sluice's", async () => {
  const [block, ...others] = blocksOf("workflow");
  assertEquals(others, []);
  const { jobs: { test }, on } = (parseAll(block!.text) as Workflow[])[0]!;
  assertEquals(on, ["push"]);
  const [line] = test.steps.flatMap(({ run = "" }) =>
    run.startsWith("sluice exec ") ? [run] : []
  );
  const words = line!.split(" ").slice(2);
  const options = await parseOptions(words, EXEC_OPTIONS);
  assertEquals(options.command, ["npm", "ci"]);
  assertEquals(options["allow-preset"], ["npm"]);
  // What it writes is what a later step reads, whatever came before.
  const [report] = options.report;
  const reads = test.steps.filter(({ run }) => run?.includes(`cat ${report}`));
  assertEquals(reads.map((step) => step.if), ["always()"]);
});

interface Workflow {
  on: string[];
  jobs: { test: { steps: { run?: string; if?: string }[] } };
}
