import { assertEquals, assertMatch } from "@std/assert";
import { testPrograms } from "../support/programs.ts";
import { Sluice } from "../support/sluice.ts";
import { SLUICE } from "../support/sluice_commands.ts";
import {
  closedPort,
  readExactly,
  readToEnd,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";
import { startTerminal, type Terminal } from "../support/terminal.ts";
import { userDialogue } from "../support/usage.ts";

const PATIENCE = 20_000;

/** A proxy with users and an admin listener. */
function startServer(port: number): Sluice {
  const users = ["alice", "bob"]
    .flatMap((name) => ["--user", `${name}:${name}`]);
  return new Sluice("--admin", `${port}`, ...users);
}

/** Opens a tunnel and carries bytes both ways. */
async function carry(
  server: Sluice,
  user: string,
  target: Deno.NetAddr,
): Promise<Deno.TcpConn> {
  const conn = await server.connect();
  await writeAll(conn, userDialogue(user, target));
  // The method, the status of the credentials, and the reply.
  await within(PATIENCE, readExactly(conn, 2 + 2 + 10));
  await writeAll(conn, new Uint8Array(50_000));
  await within(PATIENCE, readExactly(conn, 50_000));
  return conn;
}

/** Prints a line on the main screen, and then runs the program in its place. */
function afterLine(...args: string[]): string[] {
  return ["/bin/sh", "-c", 'echo before; exec "$@"', "sh", ...SLUICE, ...args];
}

/** Returns the process id of the program in the terminal. */
async function programIn(terminal: Terminal): Promise<number> {
  const shell = await terminal.value("#{pane_pid}");
  const path = `/proc/${shell}/task/${shell}/children`;
  return Number((await Deno.readTextFile(path)).trim());
}

async function assertRestored(terminal: Terminal): Promise<void> {
  assertEquals(await terminal.value("#{alternate_on} #{cursor_flag}"), "0 1");
  const modes = await terminal.modes();
  assertMatch(modes, /^isig icanon .* echo /m);
}

/** A server, and the program with which people look at it. */
interface Watched {
  port: number;
  server: Sluice;
  tmux: string;
  bash: string;
}

/** What a person does with one server, whose end is the last. */
const STEPS: Record<string, (watched: Watched) => Promise<void>> = {
  async "filters, sorts, ends tunnels, and restores the terminal"(
    { port, server, tmux },
  ) {
    await using target = startEcho();
    const conns: Deno.TcpConn[] = [];
    for (const user of ["alice", "bob", "alice", "bob", "alice"]) {
      conns.push(await carry(server, user, target.addr));
    }
    await using terminal = await startTerminal(
      tmux,
      afterLine("top", "--interval", "1s", `${port}`),
      { columns: 80, rows: 24 },
    );
    const screen = await terminal.until(/^Tunnels: 5, by rate$/m);
    assertMatch(screen, /^Sluice \S+ .* 127\.0\.0\.1:\d+ +up \d+s +live$/m);
    assertMatch(screen, /^> alice +127\.0\.0\.1:\d+ +127\.0\.0\.1:/m);
    assertMatch(screen, / 100 kB +\d+s$/m);
    assertEquals(await terminal.value("#{alternate_on}"), "1");

    // No shell could resume it here, so it continues by itself.
    await terminal.press("C-z");
    await terminal.press("s");
    await terminal.until(/^Tunnels: 5, by up$/m);
    assertEquals(await terminal.value("#{alternate_on}"), "1");
    await terminal.type("SSr");
    await terminal.until(/^Tunnels: 5, by state, reversed$/m);

    await terminal.type("/uzer:bob");
    await terminal.until(/^Filter: uzer:bob_$/m);
    await terminal.press("Enter");
    await terminal.until(/^No field is named uzer: did you mean user\?/m);
    await terminal.press("C-u");
    await terminal.enter("user:bob");
    await terminal.until(/^Tunnels: 2 of 5, filter user:bob, /m);

    await terminal.type("K");
    await terminal.until(/^End 2 tunnels with user:bob\? y\/n$/m);
    await terminal.type("y");
    await terminal.until(/^2 tunnels ended$/m);
    const bobs = [conns[1]!, conns[3]!];
    for (const conn of bobs) {
      await within(PATIENCE, readToEnd(conn).catch(() => {}));
    }
    await terminal.press("Escape");
    await terminal.until(/^Tunnels: 3, by state/m);

    await terminal.type("k");
    await terminal.until(
      /^End tunnel \d+ of alice to 127\.0\.0\.1:\d+\? y\/n$/m,
    );
    await terminal.type("n");
    await terminal.until(/^Nothing was changed$/m);
    await terminal.type("ky");
    await terminal.until(/^Ended tunnel \d+$/m);
    await terminal.until(/^Tunnels: 2, by state/m);

    await terminal.press("Enter");
    await terminal.until(/^ {2}User +alice$/m);
    await terminal.resize(120, 30);
    await terminal.press("Escape");
    await terminal.until(/^ {2}USER .* STATE/m);
    assertEquals(await terminal.value("#{pane_width}"), "120");
    await terminal.type("p");
    await terminal.until(/ paused$/m);
    await terminal.type("q");
    // The main screen may have shown the key after Ctrl-Z.
    await terminal.until(/^before\s+s?\s*code 0$/m);
    await assertRestored(terminal);
    for (const conn of conns) conn.close();
  },

  async "suspends and resumes as shells expect"({ port, tmux, bash }) {
    await using terminal = await startTerminal(
      tmux,
      [bash, "--norc", "--noprofile", "-i"],
      { columns: 100, rows: 20 },
    );
    await terminal.enter(`${SLUICE.join(" ")} top ${port}`);
    await terminal.until(/ live$/m);
    await terminal.press("C-z");
    await terminal.until(/Stopped/);
    assertEquals(await terminal.value("#{alternate_on} #{cursor_flag}"), "0 1");
    await terminal.enter("fg; echo code $?");
    await terminal.until(/ live$/m);
    await terminal.press("C-c");
    await terminal.until(/^code 0$/m);
  },

  async "waits for a server that comes back, and ends with the signal's code"(
    { port, server, tmux },
  ) {
    await using terminal = await startTerminal(
      tmux,
      afterLine("top", "--interval", "1s", `127.0.0.1:${port}`),
      { columns: 100, rows: 20, env: { NO_COLOR: "1" } },
    );
    await terminal.until(/ live$/m);
    server.kill("SIGKILL");
    await server.code();
    const lost = await terminal.until(/^Lost: connection refused/m);
    assertMatch(lost, / lost, trying again in \d+s$/m);
    await using second = startServer(port);
    await second.port();
    await terminal.until(/^Sluice .* up \d+s +live$/m);
    Deno.kill(await programIn(terminal), "SIGTERM");
    await terminal.until(/^code 143$/m);
    await assertRestored(terminal);
  },
};

testPrograms({
  name: "sluice top in a terminal",
  needs: ["tmux", "bash"],
  async fn(programs, context) {
    const port = closedPort();
    await using server = startServer(port);
    await server.port();
    for (const [name, step] of Object.entries(STEPS)) {
      await context.step(name, () => step({ port, server, ...programs }));
    }
  },
});
