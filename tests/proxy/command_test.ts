import { assertEquals } from "@std/assert";
import { linesOf, PATIENCE } from "../support/running_program.ts";
import { Sluice, spawnSluice } from "../support/sluice.ts";
import { connectRequest, GREETING, startTestProxy } from "../support/proxy.ts";
import {
  closedPort,
  readExactly,
  readToEnd,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";
import {
  MOST_HELD,
  openAssociation,
  placeOf,
  receiveFrom,
  udpSocket,
} from "../support/udp.ts";

Deno.test("proxy ends although its log is not read", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using child = spawnSluice(
    ["--listen=127.0.0.1:0", "--log=json"],
    { stdout: "null" },
  );
  const lines = linesOf(child.stderr).getReader();
  const { value } = await within(PATIENCE, lines.read());
  const port = Number(/Listening on 127\.0\.0\.1:(\d+)/.exec(value!)![1]);
  const target = closedPort();
  const dialogue = [...GREETING, ...connectRequest("127.0.0.1", target)];
  // Each leaves a line of 360 bytes; a pipe takes 64 KiB, and the stream a few.
  for (let round = 0; round < 12; round++) {
    await Promise.all(Array.from({ length: 50 }, async () => {
      using conn = await Deno.connect({ hostname: "127.0.0.1", port });
      await writeAll(conn, dialogue);
      await within(5_000, readExactly(conn, 12));
    }));
  }
  child.kill("SIGTERM");
  const { code } = await within(8_000, child.status);
  assertEquals(code, 0);
  await lines.cancel();
});

Deno.test("proxy says that it may not read SLUICE_USERS", async () => {
  await using sluice = new Sluice({
    permissions: ["--no-prompt", "--allow-net"],
    env: { SLUICE_USERS: "alice:secret" },
  });
  await sluice.port();
  await sluice.line(/Sluice ignores SLUICE_USERS/);
  assertEquals(sluice.lines.join().includes("secret"), false);
});

Deno.test("proxy logs the IPv4 client of a listener on all addresses as IPv4", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy({
    listen: [{ host: "", port: 0 }],
    open: true,
  });
  const { port } = proxy.addr;
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const local = conn.localAddr as Deno.NetAddr;
  const request = connectRequest("127.0.0.1", echo.addr.port);
  await writeAll(conn, [...GREETING, ...request]);
  await conn.closeWrite();
  await within(5_000, readToEnd(conn));
  const [record] = await within(5_000, proxy.whenEnded(1));
  assertEquals(record!.client, `127.0.0.1:${local.port}`);
  assertEquals(record!.listener, `127.0.0.1:${port}`);
});

Deno.test(
  "proxy loses nothing of a burst over UDP that comes while it is busy",
  {
    ignore: Deno.build.os !== "linux",
  },
  async () => {
    await using sluice = new Sluice();
    using target = udpSocket();
    using client = await openAssociation({
      connect: () => sluice.connect(),
    });
    sluice.kill("SIGSTOP");
    for (let n = 0; n < MOST_HELD; n++) {
      await client.send(new Uint8Array(1_400).fill(n), placeOf(target));
    }
    sluice.kill("SIGCONT");
    for (let n = 0; n < MOST_HELD; n++) {
      assertEquals((await receiveFrom(target))[0][0], n);
    }
  },
);
