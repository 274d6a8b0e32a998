/**
 * Tests the workflows of GitHub as far as that works on any machine: their
 * form, what they pin, and every command that they name.
 *
 * @module
 */

import { validateWorkflow } from "@action-validator/core";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseAll } from "@std/yaml";
import project from "../../deno.json" with { type: "json" };
import { TESTED_RUNTIME } from "../../lib/net/system/runtime_version.ts";
import { makeFolder, run, runOk, testPrograms } from "../support/programs.ts";
import { cacheEnvironment } from "../support/sluice_commands.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

const GITHUB = `${ROOT}.github/`;

interface Step {
  name?: string;
  uses?: string;
  run?: string;
}

interface Workflow {
  permissions: Record<string, string>;
  jobs: Record<string, {
    "runs-on"?: string;
    "timeout-minutes"?: number;
    steps?: Step[];
    strategy?: { matrix: { include: { target: string }[] } };
  }>;
}

const parseYaml = (text: string): unknown => (parseAll(text) as unknown[])[0];

const texts = Object.fromEntries(
  ["ci", "release"].map((name) => [
    name,
    Deno.readTextFileSync(`${GITHUB}workflows/${name}.yml`),
  ]),
);

const workflows = Object.fromEntries(
  Object.entries(texts).map((
    [name, text],
  ) => [name, parseYaml(text) as Workflow]),
);

const jobs = Object.values(workflows).flatMap(({ jobs }) =>
  Object.values(jobs)
);
const steps = jobs.flatMap(({ steps }) => steps ?? []);
const scripts = steps.flatMap(({ run }) => run ?? []);

Deno.test("the workflows have the form that GitHub reads", () => {
  for (const text of Object.values(texts)) {
    // The validator's schema is older than this permission.
    const known = text.replace(/^ +attestations: write\n/m, "");
    assertEquals(validateWorkflow(known).errors, []);
  }
  assert(validateWorkflow("jobs: { a: { steps: 1 } }").errors.length > 0);
});

Deno.test("the workflows pin every action by its commit, with its version", () => {
  const used = Object.values(texts).flatMap((text) =>
    [...text.matchAll(/uses: (.*)/g)].map(([, action]) => action!)
  ).filter((action) => !action.startsWith("./"));
  assert(used.length > 5);
  for (const action of used) {
    assert(/^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action), action);
  }
});

Deno.test("the workflows may write only where they publish, and end in time", () => {
  for (const { permissions } of Object.values(workflows)) {
    assertEquals(permissions, { contents: "read" });
  }
  for (const job of jobs) {
    if (job.steps === undefined) continue;
    assert(job["timeout-minutes"]! <= 45);
  }
});

Deno.test("the workflows run tasks, files and a Deno that exist", () => {
  for (const script of scripts) {
    for (const [, task] of script.matchAll(/ task (\w+)/g)) {
      assert(Object.hasOwn(project.tasks, task!), task);
    }
    for (const [path] of script.matchAll(/(?:scripts|\.ci)\/[\w./]+/g)) {
      assert(Deno.statSync(ROOT + path).isFile, path);
    }
    for (const [, version] of script.matchAll(/deno@([\d.]+)/g)) {
      assertEquals(version, TESTED_RUNTIME);
    }
  }
});

Deno.test("a release has a program for each of Deno's targets", async () => {
  const { jobs: { program } } = workflows["release"]!;
  const targets = program!.strategy!.matrix.include.map(({ target }) => target);
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["compile", "--target", "none", "main.ts"],
    env: { NO_COLOR: "1" },
  }).output();
  const [, known] = /possible values: (.*)/
    .exec(new TextDecoder().decode(stderr))!;
  assertEquals(targets.toSorted(), known!.split(", ").toSorted());
});

testPrograms({
  name: "bash reads the workflows' scripts",
  needs: ["bash"],
  async fn({ bash }) {
    for (const script of scripts) {
      const text = script.replaceAll(/\$\{\{.*?\}\}/g, "x");
      await runOk(bash, ["-n"], { stdin: text });
    }
  },
});

testPrograms({
  name: "a release's sums are those of its files",
  needs: ["bash"],
  async fn({ bash }) {
    const { run: script } = steps.find(({ name }) => name === "Sum up")!;
    await using folder = await makeFolder();
    await Deno.mkdir(`${folder.path}/dist`);
    await Deno.writeTextFile(`${folder.path}/dist/sluice-x`, "x");
    const check = "cd dist && sha256sum --check --strict SHA256SUMS";
    const said = await runOk(bash, [
      "-euc",
      `cd "$1"; ${script}; cd ..; ${check}`,
      "bash",
      folder.path,
    ]);
    assertEquals(said, "sluice-x: OK\n");
  },
});

Deno.test("release_notes.sh prints a version's section, and fails without one", async () => {
  const notes = `${ROOT}scripts/deploy/release_notes.sh`;
  const text = await runOk(notes, [`v${project.version}`]);
  assert(!text.includes("## "), text);
  assertStringIncludes(text, "A library: ");
  assertEquals(await run(notes, ["v9.9"]), {
    code: 1,
    stdout: new Uint8Array(),
    text: "",
    stderr: "release_notes: CHANGELOG.md has no section '## 9.9'\n",
  });
});

Deno.test("try_program.sh carries a line through a program", async () => {
  await using folder = await makeFolder();
  const program = `${folder.path}/sluice`;
  const command = `${Deno.execPath()} run -A --no-check ${ROOT}main.ts`;
  await Deno.writeTextFile(program, `#!/bin/sh\nexec ${command} "$@"\n`);
  const ports = [0, 1].map(() => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    return String(listener.addr.port);
  });
  const env = cacheEnvironment();
  const script = `${ROOT}scripts/deploy/try_program.sh`;
  const said = await runOk(script, [program, ...ports], { env });
  assertStringIncludes(said, `sluice ${project.version}\n`);
  assertStringIncludes(said, "It carries\n");
});

Deno.test("the issue forms ask for the output of doctor, and name each field once", async () => {
  for (const name of ["problem", "idea"]) {
    const text = await Deno.readTextFile(
      `${GITHUB}ISSUE_TEMPLATE/${name}.yml`,
    );
    const { body, ...head } = parseYaml(text) as {
      name: string;
      description: string;
      body: { type: string; id?: string; attributes: { label?: string } }[];
    };
    assert(head.name && head.description);
    const fields = body.filter(({ type }) => type !== "markdown");
    const ids = fields.map(({ id }) => id!);
    assertEquals(new Set(ids).size, fields.length);
    for (const { type, attributes } of fields) {
      assert(["input", "textarea"].includes(type), type);
      assert(attributes.label);
    }
    if (name === "problem") assert(ids.includes("doctor"));
  }
});
