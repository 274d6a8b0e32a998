import { assertEquals } from "@std/assert";
import { makeFolder } from "../support/programs.ts";
import { sharedCommands } from "../support/sluice_commands.ts";

const commands = sharedCommands();

/** Line, column and setting of each warning that a command prints. */
function warnedOf(text: string): string[] {
  return [...text.matchAll(/sluice\.jsonc:(\d+:\d+: \S+): .*since 0\.2/g)]
    .map(([, place]) => place!);
}

async function asked(config: string) {
  await using folder = await makeFolder();
  const path = `${folder.path}/sluice.jsonc`;
  await Deno.writeTextFile(path, config);
  const check = await commands.run(["check", "-c", path]);
  const doctor = await commands.run(["doctor", "-c", path, "--json"]);
  return {
    code: check.code,
    check: warnedOf(check.text),
    doctor: warnedOf(doctor.text),
  };
}

const OLD = `{
  "log": "text",
  "listeners": [
    { "kind": "proxy", "listen": "unix:p.sock" },
    { "kind": "hub", "listen": 0,
      "history": 20 }
  ]
}`;

Deno.test("check and doctor warn where a file relies on a default that changed", async () => {
  const warnings = [
    "2:3: log",
    "4:24: listeners[0].listen",
    "6:7: listeners[1].history",
  ];
  assertEquals(await asked(OLD), {
    code: 0,
    check: warnings,
    doctor: warnings,
  });
});

const DECIDED = `{
  "log": "text",
  "log-time": "clock",
  "listeners": [
    { "kind": "proxy", "listen": "unix:p.sock,mode=600" },
    { "kind": "hub", "listen": 0, "history": 20, "history-time": "0" },
    { "kind": "hub", "listen": 0, "history": 0 }
  ]
}`;

Deno.test("check warns of no default that the file decides itself", async () => {
  assertEquals(await asked(DECIDED), { code: 0, check: [], doctor: [] });
  const silent = '{ "listeners": [{ "kind": "proxy", "listen": 0 }] }';
  assertEquals(await asked(silent), { code: 0, check: [], doctor: [] });
});
