import { assertEquals, assertStringIncludes } from "@std/assert";
import { grown, type SizeFigures } from "../../scripts/report_size.ts";
import { makeFolder } from "../support/programs.ts";

const SCRIPTS = new URL("../../scripts/", import.meta.url).pathname;

const BEFORE: SizeFigures = { size: 100, start: 4, memory: 2 };

Deno.test("grown() names each figure that is more than a twentieth larger", () => {
  const cases: [Partial<SizeFigures>, string[]][] = [
    [{}, []],
    [{ size: 104.9, start: 4.19, memory: 2.09 }, []],
    [{ size: 50, start: 1, memory: 1 }, []],
    [{ size: 105.1 }, ["size"]],
    [{ start: 4.21 }, ["start"]],
    [{ start: 40, memory: 2.11 }, ["start", "memory"]],
  ];
  for (const [change, names] of cases) {
    assertEquals(grown({ ...BEFORE, ...change }, BEFORE), names);
  }
});

/** Reports about a program that listens and does nothing else. */
async function report(size: number) {
  await using folder = await makeFolder();
  const program = `${folder.path}/program`;
  const bare = `${Deno.execPath()} run -A --no-config ${SCRIPTS}bench/bare.ts`;
  await Deno.writeTextFile(program, `#!/bin/sh\nexec ${bare} "$3"\n`);
  await Deno.chmod(program, 0o755);
  await Deno.truncate(program, size);
  const { code, stderr, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-check", `${SCRIPTS}report_size.ts`],
      ...["--rounds", "1", "--program", program],
    ],
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, said: decoder.decode(stdout), errors: decoder.decode(stderr) };
}

Deno.test("report_size.ts passes a program that is small", async () => {
  const { code, said, errors } = await report(1_000_000);
  assertEquals([code, errors], [0, ""]);
  assertStringIncludes(said, "| 1 MB |");
});

Deno.test("report_size.ts fails a program that has grown, and names the figure", async () => {
  const { code, errors } = await report(500_000_000);
  assertEquals(code, 1);
  assertStringIncludes(errors, "size: size grew by a twentieth or more");
});
