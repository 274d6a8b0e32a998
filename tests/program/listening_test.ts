import { assert, assertEquals } from "@std/assert";
import { formatHostPort } from "../../lib/wire/host_port.ts";
import { replaceFile } from "../support/config.ts";
import { makeFolder, runOk, testPrograms } from "../support/programs.ts";
import { blocksOf } from "../support/documents.ts";
import { RunningProgram } from "../support/running_program.ts";
import { Sluice } from "../support/sluice.ts";
import { cacheEnvironment, SLUICE } from "../support/sluice_commands.ts";
import { closedPort } from "../support/sockets.ts";
import { makeTestAuthority } from "../support/certificates.ts";

/** Windows has neither Unix sockets nor SIGHUP. */
const ignore = Deno.build.os === "windows";

interface Listening {
  kind: string;
  protocol?: string;
  tls: boolean;
  listener: string;
  host?: string;
  port?: number;
  path?: string;
  config?: string;
}

/** What it has announced so far; each event is checked to be complete. */
function listeningOf(lines: readonly string[]): Listening[] {
  // Deno tells of downloads between the lines.
  return lines.filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === "listening")
    .map(({ time, level, event: _event, code, ...rest }) => {
      assertEquals([level, code], ["info", "listening"]);
      assert(!Number.isNaN(Date.parse(time)));
      if (rest.path === undefined) {
        assertEquals(rest.listener, formatHostPort(rest.host, rest.port));
      } else {
        assertEquals(rest.listener, `unix:${rest.path}`);
      }
      return rest;
    });
}

/** The same without ports, which are free ones. */
function describe({ listener: _listener, port, ...rest }: Listening): unknown {
  assert(rest.path !== undefined || port! > 0);
  return rest;
}

/** Proves that the address is the real one. */
async function connectTo({ host, port, path }: Listening): Promise<void> {
  const conn = path === undefined
    ? await Deno.connect({ hostname: host!, port: port! })
    : await Deno.connect({ transport: "unix", path });
  conn.close();
}

Deno.test({
  name:
    "sluice run logs a listening event with the real address of each listener, and after a reload of each new one",
  ignore,
  async fn() {
    await using ca = await makeTestAuthority();
    const file = ca.path("sluice.jsonc");
    const socket = ca.path("proxy.sock");
    const any = "127.0.0.1:0";
    const tls = {
      "tls-cert": ca.path("server.crt"),
      "tls-key": ca.path("server.key"),
    };
    const listeners: Record<string, unknown>[] = [
      { kind: "proxy", listen: [any, `unix:${socket}`] },
      { kind: "forward", listen: any, upstreams: "127.0.0.1:9" },
      { kind: "hub", listen: [any], ws: any },
      { kind: "echo", listen: any, ...tls },
    ];
    const program = { log: "json", admin: any };
    const text = (...more: unknown[]) =>
      JSON.stringify({ ...program, listeners: [...listeners, ...more] });
    await replaceFile(file, text());
    await using sluice = new Sluice("run", "-c", file);
    await sluice.line(/"listening","kind":"admin"/);
    const before = listeningOf(sluice.lines);
    const host = "127.0.0.1";
    const [proxy, forward, hub, echo] = [0, 1, 2, 3].map((index) => ({
      config: `listeners[${index}]`,
    }));
    assertEquals(before.map(describe), [
      { kind: "proxy", tls: false, host, ...proxy },
      { kind: "proxy", tls: false, path: socket, ...proxy },
      { kind: "forward", tls: false, host, ...forward },
      { kind: "hub", protocol: "line", tls: false, host, ...hub },
      { kind: "hub", protocol: "websocket", tls: false, host, ...hub },
      { kind: "echo", tls: true, host, ...echo },
      { kind: "admin", tls: false, host },
    ]);
    await Promise.all(before.map(connectTo));
    // The first proxy changes and gets one socket more; an echo server is new.
    listeners[0] = {
      kind: "proxy",
      listen: [any, `unix:${socket}`, "[::1]:0"],
    };
    await replaceFile(file, text({ kind: "echo", listen: any }));
    sluice.kill("SIGHUP");
    await sluice.line(/"listening".*"config":"listeners\[4\]"/);
    const after = listeningOf(sluice.lines).slice(before.length);
    assertEquals(after.map(({ host, kind, config }) => [kind, host, config]), [
      ["proxy", "::1", "listeners[0]"],
      ["echo", "127.0.0.1", "listeners[4]"],
    ]);
    await Promise.all(after.map(connectTo));
  },
});

Deno.test({
  name:
    "sluice run --workers logs one listening event for each listener, and one after a reload for the new one",
  ignore,
  async fn() {
    await using folder = await makeFolder();
    const file = `${folder.path}/sluice.jsonc`;
    const echo = { kind: "echo", listen: "127.0.0.1:0" };
    const config = (...listeners: unknown[]) =>
      replaceFile(file, JSON.stringify({ log: "json", workers: 2, listeners }));
    await config(echo);
    await using sluice = new Sluice("run", "-c", file);
    await sluice.line(/"listening"/);
    await config(echo, { kind: "proxy", listen: "127.0.0.1:0" });
    sluice.kill("SIGHUP");
    await sluice.line(/"listening","kind":"proxy"/);
    await Promise.all(listeningOf(sluice.lines).map(connectTo));
    sluice.kill("SIGTERM");
    await sluice.code();
    assertEquals(
      listeningOf(sluice.lines).map(({ kind, config }) => [kind, config]),
      [["echo", "listeners[0]"], ["proxy", "listeners[1]"]],
    );
  },
});

Deno.test("the text log has the banner, and no listening event", async () => {
  await using sluice = new Sluice("--log=text", "--log-time=none");
  await sluice.port();
  sluice.kill("SIGTERM");
  await sluice.code();
  assertEquals(sluice.lines.map((text) => text.replace(/:\d+\b/, ":0")), [
    "info    Listening on 127.0.0.1:0 (SOCKS5, SOCKS4, HTTP)",
    "info    Try it: curl -x socks5h://127.0.0.1:0 https://example.com/",
    "info    Open to local programs; any target",
    "info    SIGTERM: stopping",
    "info    Stopped; no connection was cut",
  ]);
});

testPrograms({
  name: "sluice logs a listening event for an inherited socket",
  needs: ["systemd-socket-activate"],
  async fn({ "systemd-socket-activate": tool }) {
    const port = closedPort();
    const at = `127.0.0.1:${port}`;
    await using manager = new RunningProgram(
      new Deno.Command(tool, {
        args: [
          `--listen=${at}`,
          ...["PATH", ...Object.keys(cacheEnvironment())].flatMap((name) => [
            "-E",
            name,
          ]),
          ...[...SLUICE, "--listen", at, "--log", "json"],
        ],
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).spawn(),
    );
    await manager.line(/^Listening on .* as 3\.$/);
    using _first = await Deno.connect({ port }); // Starts the program.
    const line = await manager.line(/"event":"listening"/);
    assertEquals(listeningOf([line]), [{
      ...{ kind: "proxy", tls: false },
      ...{ listener: at, host: "127.0.0.1", port },
    }]);
  },
});

testPrograms({
  name: "the script of the manual reads the real port",
  needs: ["jq"],
  async fn() {
    await using folder = await makeFolder();
    const { text } = blocksOf("commands").find(({ text }) =>
      text.includes('.event == "listening"')
    )!;
    const [path, ...args] = SLUICE;
    const words = [path!, ...args].map((word) => `'${word}'`).join(" ");
    const script = text
      .replace(/^sluice /m, `${words} `)
      .replace(/^curl .*$/m, "echo $port");
    const command = `cd '${folder.path}'\n${script}\nkill $!\nwait\n`;
    const env = cacheEnvironment();
    const said = await runOk("/bin/sh", ["-c", command], { env });
    const log = await Deno.readTextFile(`${folder.path}/sluice.log`);
    const [event] = listeningOf(log.trimEnd().split("\n"));
    assertEquals(said, `${event!.port}\n`);
  },
});
