import { assertEquals } from "@std/assert";
import { TextLineStream } from "@std/streams/text-line-stream";
import project from "../../deno.json" with { type: "json" };

const ROOT = new URL("../../", import.meta.url);

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
    await using child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--no-prompt", "--no-check", "--cached-only"],
        ...[`-P=${name}`, "main.ts", ...command, "--log", "json"],
      ],
      cwd: ROOT,
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const lines = child.stderr.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    const seen: unknown[] = [];
    for await (const line of lines) {
      if (!line.startsWith("{")) continue; // Deno's own warning.
      const { event, kind, level } = JSON.parse(line);
      if (level === "warning" || level === "error") seen.push(line);
      if (event !== "listening") continue;
      seen.push(kind);
      child.kill("SIGTERM");
    }
    assertEquals(seen, [name]);
    assertEquals((await child.status).code, 0);
  }
});
