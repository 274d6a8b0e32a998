import { assertEquals } from "@std/assert";
import project from "../../deno.json" with { type: "json" };
import { Sluice } from "../support/sluice.ts";

/** What each set is for. */
const COMMANDS: Readonly<Record<string, string[]>> = {
  proxy: ["proxy", "--listen", "127.0.0.1:0"],
  forward: ["forward", "127.0.0.1:0=127.0.0.1:9"],
  hub: ["hub", "127.0.0.1:0"],
  echo: ["echo", "127.0.0.1:0"],
};

Deno.test("each permission set of deno.json is enough for its command", async () => {
  assertEquals(Object.keys(project.permissions), Object.keys(COMMANDS));
  for (const [name, command] of Object.entries(COMMANDS)) {
    await using sluice = new Sluice(
      { permissions: ["--no-prompt", "--cached-only", `-P=${name}`] },
      ...[...command, "--log", "json"],
    );
    await sluice.line(/"event":"listening"/);
    sluice.kill("SIGTERM");
    assertEquals(await sluice.code(), 0);
    const events = sluice.lines
      .filter((line) => line.startsWith("{")) // Not Deno's own warning.
      .map((line) => JSON.parse(line));
    const listening = events.filter(({ event }) => event === "listening");
    assertEquals(listening.map(({ kind }) => kind), [name]);
    assertEquals(
      events.filter(({ level }) => level === "warning" || level === "error"),
      [],
    );
  }
});
