import { assertEquals } from "@std/assert";
import { COMMANDS } from "../../lib/program/commands.ts";

Deno.test("COMMANDS all understand -h and -V", async () => {
  for (const [name, { load }] of Object.entries(COMMANDS)) {
    const { help, version } = (await load()).options;
    assertEquals([help?.short, version?.short], ["h", "V"], name);
  }
});
