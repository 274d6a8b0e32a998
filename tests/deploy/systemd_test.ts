import { assert, assertEquals, assertLess } from "@std/assert";
import { makeFolder, run, testPrograms } from "../support/programs.ts";

const DEPLOY = new URL("../../scripts/deploy/", import.meta.url).pathname;

const UNITS = ["sluice.service", "sluice@.service", "sluice.socket"];

/** What `systemd-analyze security` calls well protected, and less. */
const MOST_EXPOSED = 3.0;

/** Copies the units, with a program that is there. */
async function copyUnits(folder: string): Promise<void> {
  for (const name of UNITS) {
    const text = await Deno.readTextFile(DEPLOY + name);
    const path = Deno.execPath();
    await Deno.writeTextFile(
      `${folder}/${name}`,
      text.replaceAll("/usr/local/bin/sluice", path),
    );
  }
}

testPrograms({
  name: "the units pass systemd-analyze verify",
  needs: ["systemd-analyze"],
  async fn({ "systemd-analyze": tool }) {
    await using folder = await makeFolder();
    await copyUnits(folder.path);
    for (const unit of ["sluice.service", "sluice@blue.service"]) {
      const paths = [unit, "sluice.socket"]
        .map((name) => `${folder.path}/${name}`);
      // Manuals, which a small machine lacks, are not asked for.
      const args = ["verify", "--man=no", "--recursive-errors=no", ...paths];
      const { code, stderr } = await run(tool, args);
      assertEquals([code, stderr], [0, ""]);
    }
  },
});

testPrograms({
  name: "the service is little exposed by systemd-analyze security",
  needs: ["systemd-analyze"],
  async fn({ "systemd-analyze": tool }) {
    await using folder = await makeFolder();
    await copyUnits(folder.path);
    const { text } = await run(tool, [
      "security",
      "--offline=true",
      "--no-pager",
      `${folder.path}/sluice.service`,
    ]);
    const [, score] = /exposure level for sluice.service: (\d+\.\d+)/
      .exec(text) ?? [];
    assertLess(Number(score), MOST_EXPOSED, text);
    assert(!text.includes("MemoryDenyWriteExecute=yes"));
  },
});

Deno.test("sluice@.service differs from sluice.service by its instance alone", async () => {
  const [one, many] = await Promise.all(
    ["sluice.service", "sluice@.service"].map(async (name) =>
      (await Deno.readTextFile(DEPLOY + name)).replace(
        /^[\s\S]*?(?=\[Unit\])/,
        "",
      )
    ),
  );
  const expected = one!
    .replace(/^(Description=.*)$/m, "$1 (%i)")
    .replace("[Service]\n", "[Service]\nSockets=sluice.socket\n");
  assertEquals(many, expected);
});

Deno.test("the service listens where its socket does", async () => {
  const service = await Deno.readTextFile(`${DEPLOY}sluice.service`);
  const socket = await Deno.readTextFile(`${DEPLOY}sluice.socket`);
  const [, port] = /^ListenStream=(\d+)$/m.exec(socket)!;
  assert(service.includes(`sluice --listen :${port} `));
  // V8 makes machine code while it runs.
  assert(!/^MemoryDenyWriteExecute=/m.test(service));
});
