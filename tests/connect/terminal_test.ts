import { assertEquals, assertStringIncludes } from "@std/assert";
import { makeFolder, testPrograms } from "../support/programs.ts";
import { SLUICE } from "../support/sluice_commands.ts";
import {
  readToEnd,
  startServer,
  within,
  writeAll,
} from "../support/sockets.ts";
import { startTerminal } from "../support/terminal.ts";

const NEEDS = { needs: ["tmux"] } as const;

testPrograms({
  name: "sluice connect sends typed lines, and waits for the rest after Ctrl-D",
  ...NEEDS,
  async fn({ tmux }) {
    await using server = startServer(async (conn) => {
      await writeAll(conn, "220 speaks first\r\n");
      const buffer = new Uint8Array(1_000);
      for (let count; (count = await conn.read(buffer)) !== null;) {
        const line = new TextDecoder().decode(buffer.subarray(0, count));
        await writeAll(conn, `you said ${line}`);
      }
      await writeAll(conn, "the rest, \x1b[31mwithout a line end");
    });
    const { port } = server.addr;
    await using terminal = await startTerminal(tmux, [
      ...[...SLUICE, "connect", `localhost:${port}`],
    ]);
    await terminal.until(/^220 speaks first$/m);
    await terminal.enter("first line");
    await terminal.until(/^you said first line$/m);
    await terminal.enter("héllo 世界");
    await terminal.until(/^you said héllo 世界$/m);
    await terminal.press("C-d");
    const screen = await terminal.until(/^code 0$/m);
    assertStringIncludes(
      screen,
      `Connected to localhost:${port} [127.0.0.1:${port}]; Ctrl-D ends the input, Ctrl-C ends everything\n`,
    );
    assertStringIncludes(
      screen,
      "\nthe rest, \\u001b[31mwithout a line end\nSent 25 bytes, received ",
    );
    assertStringIncludes(screen, ": input ended first\n");
  },
});

testPrograms({
  name:
    "sluice connect ends immediately when the target closes, and exits with 130 on Ctrl-C",
  ...NEEDS,
  async fn({ tmux }) {
    const close = Promise.withResolvers<void>();
    await using server = startServer(async (conn) => {
      await writeAll(conn, "welcome\n");
      await close.promise;
    });
    const command = [...SLUICE, "connect", `${server.addr.port}`];
    await using first = await startTerminal(tmux, command);
    await using second = await startTerminal(tmux, command);
    await first.until(/^welcome$/m);
    await second.until(/^welcome$/m);
    await first.press("C-c");
    const screen = await first.until(/^code 130$/m);
    assertStringIncludes(screen, "\nSent 0 bytes, received 8 bytes in ");
    close.resolve();
    const other = await second.until(/^code 0$/m);
    assertStringIncludes(other, ": target closed first\n");
  },
});

testPrograms({
  name: "sluice connect sends a whole paste of 1 MB",
  ...NEEDS,
  async fn({ tmux }) {
    await using folder = await makeFolder();
    const lines = Array.from(
      { length: 15_000 },
      (_, n) => `${n} ${"0123456789abcdef".repeat(4)}\n`,
    );
    const text = lines.join("").slice(0, 1_000_000 - 1) + "\n";
    await Deno.writeTextFile(`${folder.path}/paste`, text);
    const received = Promise.withResolvers<string>();
    await using server = startServer(async (conn) => {
      received.resolve(new TextDecoder().decode(await readToEnd(conn)));
    });
    await using terminal = await startTerminal(tmux, [
      ...[...SLUICE, "connect", `${server.addr.port}`],
    ]);
    await terminal.until(/Connected to /);
    await terminal.paste(`${folder.path}/paste`);
    await terminal.press("C-d");
    const back = await within(30_000, received.promise);
    assertEquals(back.length, text.length);
    assertEquals(back === text, true);
    await terminal.until(/^Sent 1000000 bytes \(1\.0 MB\)/m);
  },
});

testPrograms({
  name: "sluice connect warns when the terminal has truncated a line",
  ...NEEDS,
  async fn({ tmux }) {
    await using folder = await makeFolder();
    await Deno.writeTextFile(`${folder.path}/paste`, "x".repeat(9_000) + "\n");
    await using server = startServer(readToEnd);
    await using terminal = await startTerminal(tmux, [
      ...[...SLUICE, "connect", `${server.addr.port}`],
    ]);
    await terminal.until(/Connected to /);
    await terminal.paste(`${folder.path}/paste`);
    await terminal.until(/^sluice: A line of 4095 characters was typed/m);
  },
});
