import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ECHO_COMMAND } from "../../lib/echo/command.ts";
import { CONNECT_COMMAND } from "../../lib/connect/command.ts";
import { formatHelp } from "../../lib/cli/help.ts";
import { ECHO_OPTIONS } from "../../lib/echo/options.ts";
import { type EchoConfig, startEcho } from "../../lib/echo/start.ts";
import { defaultSettings } from "../../lib/cli/settings.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";
import { Sluice } from "../support/sluice.ts";
import { sluiceAll } from "../support/sluice_commands.ts";
import {
  closedPort,
  readExactly,
  readToEnd,
  within,
  writeAll,
} from "../support/sockets.ts";
import { udpSocket } from "../support/udp.ts";

Deno.test(
  "sluice echo restarts on one port with clients attached, after its end and after a kill",
  {
    ignore: Deno.build.os === "windows",
  },
  async () => {
    const port = closedPort();
    for (let round = 0; round < 3; round++) {
      await using server = new Sluice("echo", `${port}`);
      assertEquals(await server.port(), port);
      const clients = await Promise.all(
        Array.from(
          { length: 5 },
          () => Deno.connect({ hostname: "127.0.0.1", port }),
        ),
      );
      const text = `round ${round}`;
      await Promise.all(clients.map((client) => writeAll(client, text)));
      await Promise.all(
        clients.map((client) =>
          within(5_000, readExactly(client, text.length))
        ),
      );
      // Every second time it gets no chance to say goodbye.
      const isKilled = round % 2 === 1;
      server.kill(isKilled ? "SIGKILL" : "SIGTERM");
      // The server ends first, so TIME_WAIT is on its side and on this port.
      const buffer = new Uint8Array(1);
      for (const client of clients) {
        const end = await within(5_000, client.read(buffer).catch(() => null));
        assertEquals(end, null);
        client.close();
      }
      const code = await server.code();
      assertEquals(code, isKilled ? 137 : 0, server.lines.join("\n"));
    }
  },
);

Deno.test("sluice echo ends immediately on a second signal, and exits with 1", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using server = new Sluice("echo", "127.0.0.1:0");
  using conn = await server.connect();
  // More than all buffers hold, and nobody reads: this can't drain.
  const sending = writeAll(conn, new Uint8Array(30_000_000)).catch(() => {});
  await within(5_000, readExactly(conn, 1));
  server.kill("SIGTERM");
  await server.line(/accepting no more/);
  const start = performance.now();
  server.kill("SIGTERM");
  assertEquals(await server.code(), 1);
  assert(performance.now() - start < 5_000);
  assertMatch(server.lines.at(-1)!, /Stopped; 1 connection cut by SIGTERM/);
  conn.close();
  await sending;
});

Deno.test("startEcho() says why it can't start", async () => {
  using tcp = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken = closedPort();
  using _udp = udpSocket("127.0.0.1", taken);
  const cases: [args: string[], code: number, message: string][] = [
    [
      [`${tcp.addr.port}`],
      1,
      `Cannot listen on 127.0.0.1:${tcp.addr.port}: the port is in use; stop what uses it, or choose another`,
    ],
    [
      [`${tcp.addr.port}`, "--reset-after", "1"],
      1,
      `Cannot listen on 127.0.0.1:${tcp.addr.port}: the port is in use; stop what uses it, or choose another`,
    ],
    [
      ["--udp", `${taken}`],
      1,
      `Cannot listen on 127.0.0.1:${taken} for datagrams: the port is in use for UDP; stop what uses it, or choose another (option --udp)`,
    ],
    [
      ["203.0.113.1:0"],
      1,
      "Cannot listen on 203.0.113.1:0: 203.0.113.1 is not an address of this machine",
    ],
    [["1", "2"], 2, "Argument LISTEN: '1', '2' are 2 addresses; give one"],
    [
      ["unix:/no/such/x"],
      1,
      "Cannot listen on unix:/no/such/x: there is no such folder",
    ],
    [
      ["unix:/no/x", "--udp"],
      2,
      "Option --udp: cannot be combined with a Unix socket: datagrams need a port; give HOST:PORT",
    ],
    [
      ["unix:/no/x", "--reset-after=1"],
      2,
      "Option --reset-after: cannot be combined with a Unix socket, which knows no reset; give HOST:PORT, or --close-after",
    ],
    [
      ["--chunk", "0"],
      2,
      "Option --chunk: '0' is less than 1",
    ],
    [
      ["--delay", "1"],
      2,
      "Option --delay: '1' is not a duration such as 250ms, 10s, 5m, 1h or 0",
    ],
    [
      ["--discard", "--chargen"],
      2,
      "Option --discard: cannot be combined with --chargen: one sends nothing, the other endless text",
    ],
    [
      ["--udp", "--close-after", "0"],
      2,
      "Option --close-after: cannot be combined with --udp: a datagram has no connection to close",
    ],
    [
      ["--open"],
      2,
      "Option --open: needs --udp; without it, this option has no effect",
    ],
  ];
  const answers = await sluiceAll(cases.map(([args]) => ["echo", ...args]));
  for (const [at, [, code, message]] of cases.entries()) {
    const result = answers[at]!;
    assertEquals(result.stderr, `sluice: ${message}\n`);
    assertEquals([result.code, result.text], [code, ""]);
  }
});

Deno.test("startEcho() refuses public datagrams unless open is set", async () => {
  const listen = { host: "0.0.0.0", port: 0 };
  const config: EchoConfig = {
    ...defaultSettings(ECHO_OPTIONS),
    ...{ mode: "echo", listen },
  };
  await assertRejects(
    () => startEcho({ ...config, udp: true }),
    UsageError,
    "give --open to allow that",
  );
  const server = await startEcho({ ...config, udp: true, open: true });
  assertEquals(await server.shutdown(0), 0);
  const plain = await startEcho(config);
  assertEquals(await plain.shutdown(0), 0);
});

Deno.test("sluice echo answers datagrams and connections on one port", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using server = new Sluice("echo", "--udp", "127.0.0.1:0");
  const port = await server.port();
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await writeAll(conn, "tcp");
  await conn.closeWrite();
  assertEquals((await within(5_000, readToEnd(conn))).length, 3);
  using socket = udpSocket();
  await socket.send(Uint8Array.of(1, 2), {
    transport: "udp",
    hostname: "127.0.0.1",
    port,
  });
  const [back] = await within(5_000, socket.receive(new Uint8Array(9)));
  assertEquals(back, Uint8Array.of(1, 2));
  server.kill("SIGTERM");
  assertEquals(await server.code(), 0);
  assertMatch(server.lines.join("\n"), /UDP: 1 came, 1 answered, 0 dropped/);
});

Deno.test("formatHelp() names every option of echo and connect", () => {
  for (const command of [ECHO_COMMAND, CONNECT_COMMAND]) {
    const help = formatHelp(command);
    for (const [name, option] of Object.entries(command.options)) {
      const isOperand = "isOperand" in option;
      assert(isOperand || help.includes(`--${name}`), name);
    }
    for (const line of help.split("\n")) assert(line.length <= 79, line);
  }
});
