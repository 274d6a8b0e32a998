import { assert, assertEquals } from "@std/assert";
import { TextLineStream } from "@std/streams";
import { testPrograms } from "../support/programs.ts";
import { blocksOf } from "../support/documents.ts";
import { PATIENCE } from "../support/sluice.ts";
import { within } from "../support/sockets.ts";

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
    const lines: string[] = [];
    const listens = Promise.withResolvers<void>();
    const ended = (async () => {
      const texts = child.stderr.pipeThrough(new TextDecoderStream())
        .pipeThrough(new TextLineStream());
      for await (const line of texts) {
        lines.push(line);
        if (line.includes("Listening on ")) listens.resolve();
      }
      listens.resolve();
    })();
    await within(PATIENCE, listens.promise);
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode("\n"));
    await writer.close();
    // Each of them holds standard error as long as it lives.
    await within(PATIENCE, ended);
    const { code } = await within(PATIENCE, child.status);
    assertEquals(code, 0, lines.join("\n"));
    assert(lines.some((line) => line.includes("Stopped")), lines.join("\n"));
  },
});
