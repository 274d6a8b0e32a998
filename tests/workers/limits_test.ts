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

const WORKERS = ["--workers", "2"] as const;

async function connect(sluice: Sluice): Promise<Deno.TcpConn> {
  const port = await sluice.port();
  return await Deno.connect({ hostname: "127.0.0.1", port });
}

/** Opens so many tunnels at once; tells the reply of each. */
async function openTunnels(
  sluice: Sluice,
  count: number,
  target: Deno.NetAddr,
): Promise<{ conn: Deno.TcpConn; reply: number }[]> {
  return await Promise.all(Array.from({ length: count }, async () => {
    const conn = await connect(sluice);
    await greet(conn);
    await writeAll(conn, connectRequest(target.hostname, target.port));
    const { reply } = await within(20_000, readReply(conn));
    return { conn, reply };
  }));
}

function closeAll(tunnels: readonly { conn: Deno.TcpConn }[]): void {
  for (const { conn } of tunnels) conn.close();
}

for (const option of ["--max-connections", "--max-connections-per-client"]) {
  Deno.test(`sluice --workers keeps to ${option} exactly, again and again`, async () => {
    await using echo = startEcho();
    await using sluice = new Sluice(...WORKERS, option, "10");
    for (let round = 0; round < 3; round++) {
      const tunnels = await openTunnels(sluice, 40, echo.addr);
      const open = tunnels.filter(({ reply }) => reply === 0);
      assertEquals(open.length, 10);
      for (const { conn } of open) conn.closeWrite();
      // What ends at the client has ended at the program.
      await Promise.all(open.map(({ conn }) => readToEof(conn)));
      closeAll(tunnels);
    }
  });
}

Deno.test("sluice --workers keeps to --connection-rate exactly", async () => {
  await using echo = startEcho();
  await using sluice = new Sluice(...WORKERS, "--connection-rate", "12/h");
  const tunnels = await openTunnels(sluice, 40, echo.addr);
  assertEquals(tunnels.filter(({ reply }) => reply === 0).length, 12);
  closeAll(tunnels);
});

Deno.test("sluice --workers bans a client for failures that several workers saw", async () => {
  await using sluice = new Sluice(
    ...WORKERS,
    ...["--user", "alice:secret", "--ban-after", "6", "--log", "json"],
    ...["--admin", "127.0.0.1:0"],
  );
  for (let count = 0; count < 6; count++) {
    using conn = await connect(sluice);
    assert(await tryPassword(conn, "alice", "wrong") !== 0);
  }
  await sluice.line(/"event":"ban"/);
  for (let count = 0; count < 12; count++) {
    using conn = await connect(sluice);
    const status = await tryPassword(conn, "alice", "secret").catch(() => 1);
    assert(status !== 0);
  }
  const bans = sluice.lines.filter((line) => line.includes('"event":"ban"'));
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
    using conn = await connect(sluice);
    assertEquals(await tryPassword(conn, "alice", "secret"), 0);
  }
});

Deno.test("sluice --workers keeps to --rate-total as one does", async () => {
  const rate = 2_000_000;
  const chunk = new Uint8Array(64 * 1024);
  await using source = startServer(async (conn) => {
    while (true) await writeAll(conn, chunk);
  });
  await using sluice = new Sluice(
    ...WORKERS,
    ...["--rate-total", "0:2MB"],
  );
  const tunnels = await openTunnels(sluice, 8, source.addr);
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
  assertLess(total, rate * (seconds + 0.1) * 1.25 + 8 * 128 * 1024);
  assertGreater(total, rate * seconds * 0.6);
});

Deno.test("sluice --workers counts a daily quota together, and writes it once", async () => {
  await using folder = await makeFolder();
  const file = `${folder.path}/quota.json`;
  await using echo = startEcho();
  await using sluice = new Sluice(
    ...WORKERS,
    ...["--user", "alice:secret", "--quota-per-user", "1MB"],
    ...["--quota-file", file],
  );
  const message = new Uint8Array(100_000);
  for (let count = 0; count < 4; count++) {
    using conn = await connect(sluice);
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
});

Deno.test("sluice --workers lets new connections have the places of those that were refused and stay", async () => {
  await using echo = startEcho();
  const most = 4;
  await using sluice = new Sluice(
    ...WORKERS,
    ...["--max-connections", String(most), "--rule", "deny name denied.test"],
  );
  const staying: Deno.TcpConn[] = [];
  for (let n = 0; n < most; n++) {
    const conn = await connect(sluice);
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
  for (let n = 0; n < most; n++) {
    tunnels.push(...await openTunnels(sluice, 1, echo.addr));
  }
  assertEquals(tunnels.map(({ reply }) => reply), tunnels.map(() => 0));
  const [over] = await openTunnels(sluice, 1, echo.addr);
  assertEquals(over!.reply, 1);
  closeAll([...tunnels, over!]);
  for (const conn of staying) conn.close();
});
