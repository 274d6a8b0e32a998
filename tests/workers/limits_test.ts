import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { makeFolder } from "../support/programs.ts";
import { connectRequest, greet, readReply } from "../support/proxy.ts";
import { readToEof } from "../support/dialogue.ts";
import { Sluice } from "../support/sluice.ts";
import {
  readExactly,
  startEcho,
  startServer,
  within,
  writeAll,
} from "../support/sockets.ts";
import { askTunnel, tryPassword } from "../support/users.ts";

/** Places of the listener whose refused clients stay. */
const PLACES = 4;

/** Bytes a second of the listener with a rate. */
const RATE = 2_000_000;

/** A listener for each test, all in one program. */
const LISTENERS = {
  all: { "max-connections": 10 },
  client: { "max-connections-per-client": 10 },
  arrivals: { "connection-rate": "12/h" },
  bans: { user: "alice:secret", "ban-after": 6 },
  rate: { "rate-total": "0:2MB" },
  quota: {
    ...{ user: "alice:secret", "quota-per-user": "1MB" },
    "quota-file": "quota.json",
  },
  staying: { "max-connections": PLACES, rule: "deny name denied.test" },
};

type Listener = keyof typeof LISTENERS;

/** The program, and the port of each listener. */
interface Limited {
  readonly sluice: Sluice;
  readonly ports: Readonly<Record<Listener, number>>;
}

/** Starts the program with two workers. */
async function startLimited(folder: string): Promise<Limited> {
  const file = `${folder}/sluice.json`;
  const listeners = Object.values(LISTENERS).map((limits) => ({
    ...{ kind: "proxy", listen: "127.0.0.1:0" },
    ...limits,
  }));
  const program = { workers: 2, log: "json", admin: "127.0.0.1:0" };
  const text = JSON.stringify({ ...program, listeners });
  await Deno.writeTextFile(file, text, { mode: 0o600 });
  const sluice = new Sluice("run", "-c", file);
  const names = Object.keys(LISTENERS);
  await sluice.line(LISTENING, names.length);
  const ports = sluice.lines.flatMap((line) => {
    const port = LISTENING.exec(line)?.[1];
    return port === undefined ? [] : [Number(port)];
  });
  return {
    sluice,
    ports: Object.fromEntries(
      names.map((name, n) => [name, ports[n]]),
    ) as Limited["ports"],
  };
}

const LISTENING = /"listening".*"kind":"proxy".*"port":(\d+)/;

async function connect(port: number): Promise<Deno.TcpConn> {
  return await Deno.connect({ hostname: "127.0.0.1", port });
}

/** Opens so many tunnels at once; tells the reply of each. */
async function openTunnels(
  port: number,
  count: number,
  target: Deno.NetAddr,
): Promise<{ conn: Deno.TcpConn; reply: number }[]> {
  return await Promise.all(Array.from({ length: count }, async () => {
    const conn = await connect(port);
    await greet(conn);
    await writeAll(conn, connectRequest(target.hostname, target.port));
    const { reply } = await within(20_000, readReply(conn));
    return { conn, reply };
  }));
}

function closeAll(tunnels: readonly { conn: Deno.TcpConn }[]): void {
  for (const { conn } of tunnels) conn.close();
}

Deno.test("sluice run with two workers counts as with one", async (t) => {
  await using folder = await makeFolder();
  await using echo = startEcho();
  const { sluice, ports } = await startLimited(folder.path);
  await using _ = sluice;
  for (const name of ["all", "client"] as const) {
    const [option] = Object.keys(LISTENERS[name]);
    await t.step(`keeps to ${option} exactly, again and again`, async () => {
      for (let round = 0; round < 3; round++) {
        const tunnels = await openTunnels(ports[name], 40, echo.addr);
        const open = tunnels.filter(({ reply }) => reply === 0);
        assertEquals(open.length, 10);
        for (const { conn } of open) conn.closeWrite();
        // What ends at the client has ended at the program.
        await Promise.all(open.map(({ conn }) => readToEof(conn)));
        closeAll(tunnels);
      }
    });
  }

  await t.step("keeps to --connection-rate exactly", async () => {
    const tunnels = await openTunnels(ports.arrivals, 40, echo.addr);
    assertEquals(tunnels.filter(({ reply }) => reply === 0).length, 12);
    closeAll(tunnels);
  });

  await t.step(
    "bans a client for failures that several workers saw",
    async () => {
      for (let count = 0; count < 6; count++) {
        using conn = await connect(ports.bans);
        assert(await tryPassword(conn, "alice", "wrong") !== 0);
      }
      await sluice.line(/"event":"ban"/);
      for (let count = 0; count < 12; count++) {
        using conn = await connect(ports.bans);
        const status = await tryPassword(conn, "alice", "secret").catch(() =>
          1
        );
        assert(status !== 0);
      }
      const bans = sluice.lines.filter((line) =>
        line.includes('"event":"ban"')
      );
      assertEquals(bans.length, 1);
      const line = await sluice.line(/Admin page/);
      const [admin] = /http:\/\/[\d.:]+\//.exec(line)!;
      const lifted = await fetch(`${admin}api/bans/127.0.0.1`, {
        method: "DELETE",
        headers: { "x-sluice-request": "1" },
      });
      await lifted.body?.cancel();
      assert(lifted.ok);
      for (let count = 0; count < 12; count++) {
        using conn = await connect(ports.bans);
        assertEquals(await tryPassword(conn, "alice", "secret"), 0);
      }
    },
  );

  await t.step("keeps to --rate-total as one does", async () => {
    const chunk = new Uint8Array(64 * 1024);
    await using source = startServer(async (conn) => {
      while (true) await writeAll(conn, chunk);
    });
    const tunnels = await openTunnels(ports.rate, 8, source.addr);
    const begin = performance.now();
    const time = 2_000;
    const counts = await Promise.all(tunnels.map(async ({ conn }) => {
      const buffer = new Uint8Array(64 * 1024);
      let sum = 0;
      while (performance.now() - begin < time) {
        sum += await within(10_000, conn.read(buffer)) ?? 0;
      }
      return sum;
    }));
    const seconds = (performance.now() - begin) / 1000;
    closeAll(tunnels);
    const total = counts.reduce((sum, count) => sum + count, 0);
    // Beside the rate: its burst, and what is in the buffers of the sockets.
    assertLess(total, RATE * (seconds + 0.1) * 1.25 + 8 * 128 * 1024);
    assertGreater(total, RATE * seconds * 0.6);
  });

  await t.step(
    "lets new connections have the places of those that were refused and stay",
    async () => {
      const staying: Deno.TcpConn[] = [];
      for (let n = 0; n < PLACES; n++) {
        const conn = await connect(ports.staying);
        staying.push(conn);
        await writeAll(
          conn,
          "PUT http://denied.test/ HTTP/1.1\r\nHost: denied.test\r\n" +
            "Content-Length: 99999999\r\n\r\n",
        );
        const head = await within(20_000, readExactly(conn, 12));
        assertEquals(new TextDecoder().decode(head), "HTTP/1.1 403");
      }
      const tunnels: { conn: Deno.TcpConn; reply: number }[] = [];
      for (let n = 0; n < PLACES; n++) {
        tunnels.push(...await openTunnels(ports.staying, 1, echo.addr));
      }
      assertEquals(tunnels.map(({ reply }) => reply), tunnels.map(() => 0));
      const [over] = await openTunnels(ports.staying, 1, echo.addr);
      assertEquals(over!.reply, 1);
      closeAll([...tunnels, over!]);
      for (const conn of staying) conn.close();
    },
  );

  await t.step(
    "counts a daily quota together, and writes it once",
    async () => {
      const file = `${folder.path}/quota.json`;
      const message = new Uint8Array(100_000);
      for (let count = 0; count < 4; count++) {
        using conn = await connect(ports.quota);
        assertEquals(await tryPassword(conn, "alice", "secret"), 0);
        assertEquals(await askTunnel(conn, echo.addr), 0);
        await Promise.all([
          writeAll(conn, message),
          within(10_000, readExactly(conn, message.length)),
        ]);
      }
      sluice.kill("SIGTERM");
      assertEquals(await sluice.code(), 0);
      const { bytes } = JSON.parse(await Deno.readTextFile(file));
      assertEquals(bytes, { alice: 8 * message.length });
    },
  );
});
