import { assert, assertEquals } from "@std/assert";
import { hasFence, sluiceExec } from "../support/exec.ts";
import { ESCAPED, ESCAPES } from "./escapes.ts";
import { openTargets } from "./escape_targets.ts";

const PROGRAM = new URL("./escapes.ts", import.meta.url).pathname;

/** Attempts that succeed outside: the test of the test. */
const LEAST_OUTSIDE = 40;

/** An ordinary user: with no right on this machine, and another number. */
const ORDINARY = ["unshare", "--user", "--map-user=1000", "--map-group=1000"];

async function escapesOf(
  prefix: string[],
): Promise<Record<string, string>> {
  await using targets = await openTargets();
  const { args, cwd } = targets;
  const { code, stderr, stdout } = await sluiceExec([
    ...args,
    ...["--", Deno.execPath(), "run", "-A", "--no-check", PROGRAM],
    JSON.stringify(targets.inside),
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

Deno.test({
  name: "sluice exec lets nothing out, as root or whoever runs it",
  ignore: !hasFence,
}, async () => {
  assert(Object.keys(ESCAPES).length >= 60);
  assertNone(await escapesOf([]));
});

Deno.test({
  name: "sluice exec lets nothing out as an ordinary user",
  ignore: !hasFence,
}, async () => {
  assertNone(await escapesOf(ORDINARY));
});

Deno.test({
  name: "the attempts to get out are good ones: outside they succeed",
  ignore: !hasFence,
}, async () => {
  await using targets = await openTargets();
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-check", PROGRAM],
      JSON.stringify(targets.outside),
    ],
    cwd: targets.cwd,
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
});
