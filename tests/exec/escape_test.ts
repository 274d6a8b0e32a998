import { assert, assertEquals } from "@std/assert";
import { hasFence, sluiceExec } from "../support/exec.ts";
import { ESCAPED, ESCAPES } from "./escapes.ts";
import { type EscapeTargets, openTargets } from "./escape_targets.ts";

const PROGRAM = new URL("./escapes.ts", import.meta.url).pathname;

/** Attempts that succeed outside: the test of the test. */
const LEAST_OUTSIDE = 40;

/** An ordinary user: with no right on this machine, and another number. */
const ORDINARY = ["unshare", "--user", "--map-user=1000", "--map-group=1000"];

async function escapesOf(
  { args, cwd, inside }: EscapeTargets,
  prefix: string[],
): Promise<Record<string, string>> {
  const { code, stderr, stdout } = await sluiceExec([
    ...args,
    ...["--", Deno.execPath(), "run", "-A", "--no-check", PROGRAM],
    JSON.stringify(inside),
  ], { cwd, prefix });
  assertEquals(code, 0, stderr);
  return JSON.parse(stdout);
}

function assertNone(results: Record<string, string>): void {
  assertEquals(Object.keys(results).sort(), Object.keys(ESCAPES).sort());
  const escaped = Object.entries(results)
    .filter(([, said]) => said.startsWith(ESCAPED));
  assertEquals(escaped, []);
}

/** Fails unless most attempts succeed outside. */
async function assertGood({ cwd, outside }: EscapeTargets): Promise<void> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", PROGRAM, JSON.stringify(outside)],
    cwd,
    stdin: "null",
    stderr: "null",
  }).output();
  const results: Record<string, string> = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  const escaped = Object.values(results)
    .filter((said) => said.startsWith(ESCAPED));
  assert(
    escaped.length >= LEAST_OUTSIDE,
    `${escaped.length}: ${JSON.stringify(results, undefined, 2)}`,
  );
}

Deno.test({
  name: "sluice exec lets nothing out",
  ignore: !hasFence,
}, async (t) => {
  assert(Object.keys(ESCAPES).length >= 60);
  await using targets = await openTargets();
  await t.step("as root or whoever runs it", async () => {
    assertNone(await escapesOf(targets, []));
  });
  await t.step("as an ordinary user", async () => {
    assertNone(await escapesOf(targets, ORDINARY));
  });
  await t.step("though the attempts succeed outside", async () => {
    await assertGood(targets);
  });
});
