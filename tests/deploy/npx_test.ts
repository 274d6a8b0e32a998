import { assertEquals } from "@std/assert";
import { testPrograms } from "../support/programs.ts";
import { blocksOf } from "../support/documents.ts";
import { RunningProgram } from "../support/running_program.ts";

testPrograms({
  name: "the manual's way to end what npx has started ends all of it",
  needs: ["npx (deno)", "setsid"],
  async fn() {
    const { text } = blocksOf("commands")
      .find(({ text }) => text.startsWith("setsid npx "))!;
    const [start, stop] = text.split("\n");
    const child = new Deno.Command("bash", {
      args: [
        "-c",
        // The shell itself holds standard error no more when it waits.
        `${start!.replace("main.ts", "main.ts --listen 127.0.0.1:0")}
         exec 2>&-; read -r; ${stop}`,
      ],
      cwd: new URL("../../", import.meta.url),
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    await using npx = new RunningProgram(child);
    await npx.line(/Listening on /);
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode("\n"));
    await writer.close();
    // Each of them holds standard error as long as it lives.
    assertEquals(await npx.code(), 0, npx.lines.join("\n"));
    await npx.line(/Stopped/);
  },
});
