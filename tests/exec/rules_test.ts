import { assertEquals, assertRejects } from "@std/assert";
import { parseOptions } from "../../lib/cli/parse_options.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";
import { EXEC_OPTIONS } from "../../lib/exec/options.ts";
import { readExecRules } from "../../lib/exec/rules.ts";
import { parseIpAddress } from "../../lib/wire/ip_address.ts";

async function rulesOf(...args: string[]) {
  return await readExecRules(
    await parseOptions([...args, "--", "true"], EXEC_OPTIONS),
  );
}

Deno.test("readExecRules() puts --rule first and the file last", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, "f: allow name f.example\n");
  const rules = await rulesOf(
    ...["--rules", path, "--allow-preset", "npm", "--allow", "a.example"],
    ...["--allow", "a.example", "--rule", "deny name b.example"],
  );
  assertEquals(rules.list(false).map(({ label }) => label), [
    ...["exec", "--rule 1", "--allow a.example", "--allow-preset npm", "f"],
    "default",
  ]);
  assertEquals(rules.list(false).at(-1)!.text, "deny");
  await Deno.remove(path);
});

Deno.test("readExecRules() never lets a command open a port out here", async () => {
  for (const args of [["--rule", "allow"], ["--learn", "x.txt"]]) {
    const rules = await rulesOf(...args);
    for (const command of ["bind", "udp", "connect", "http"] as const) {
      const { isAllowed } = rules.decideAddress({
        client: undefined,
        user: undefined,
        listener: { path: "/x" },
        command,
        target: { name: "a.example", port: 443 },
        isGuarded: false,
      }, parseIpAddress("1.1.1.1")!);
      assertEquals(isAllowed, command === "connect" || command === "http");
    }
  }
});

Deno.test("readExecRules() refuses rules that would have no effect", async () => {
  for (
    const args of [
      ["--allow", "a.example"],
      ["--allow-preset", "npm"],
      ["--rule", "default deny"],
      ["--rules", "rules.txt"],
    ]
  ) {
    await assertRejects(
      () => rulesOf("--learn", "x.txt", ...args),
      UsageError,
      `${args[0]}: has no effect beside --learn`,
    );
  }
});
