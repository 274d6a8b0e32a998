import { assertEquals, assertRejects } from "@std/assert";
import { StartError } from "../../../lib/cli/usage_error.ts";
import { parseIpAddress } from "../../../lib/wire/ip_address.ts";
import { BIND_FORMS, connectTo, startBind } from "../../support/bind.ts";
import { pattern, sha256 } from "../../support/dialogue.ts";
import { openTunnel, startProxy, startTestProxy } from "../../support/proxy.ts";
import {
  readToEnd,
  startEcho,
  startServer,
  within,
  writeAll,
} from "../../support/sockets.ts";
import { openAssociation, startUdp } from "../../support/udp.ts";

const OUTGOING = { ipv4: parseIpAddress("127.0.0.9")! };

Deno.test("tunnels leave from the address that was chosen, and carry what others do", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy({ outgoing: OUTGOING });
  using conn = await openTunnel(proxy, echo.addr);
  const bytes = pattern(4 * 1024 * 1024);
  const [answer] = await within(
    20_000,
    Promise.all([
      readToEnd(conn),
      writeAll(conn, bytes).then(() => conn.closeWrite()),
    ]),
  );
  assertEquals(await sha256(answer), await sha256(bytes));
  const [record] = await proxy.whenEnded(1);
  assertEquals(record!.result, "ok");
  assertEquals(record!.sent, bytes.length);
  assertEquals(record!.received, bytes.length);
});

Deno.test("targets see the address that was chosen, whatever the client speaks", async () => {
  const seen: string[] = [];
  await using server = startServer(async (conn) => {
    seen.push((conn.remoteAddr as Deno.NetAddr).hostname);
    await conn.read(new Uint8Array(1_000));
    await writeAll(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  });
  await using proxy = await startTestProxy({ outgoing: OUTGOING });
  const { port } = server.addr;
  (await openTunnel(proxy, { hostname: "localhost", port })).close();
  using http = await proxy.connect();
  await writeAll(
    http,
    `GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`,
  );
  const answer = new TextDecoder().decode(await readToEnd(http));
  assertEquals(answer.slice(-2), "hi");
  assertEquals(seen, ["127.0.0.9", "127.0.0.9"]);
});

Deno.test("datagrams leave from the address that was chosen", async () => {
  await using echo = startUdp();
  await using proxy = await startTestProxy({ outgoing: OUTGOING });
  using client = await openAssociation(proxy);
  await client.send(Uint8Array.of(1), echo.addr);
  await client.receive();
  assertEquals(echo.heard[0]!.hostname, "127.0.0.9");
});

for (const form of BIND_FORMS) {
  Deno.test(`${form.name} peers come to the address that was chosen`, async () => {
    await using proxy = await startTestProxy({ outgoing: OUTGOING });
    for (const host of ["127.0.0.1", "0.0.0.0"]) {
      using waiting = await startBind(proxy, form, host);
      assertEquals(waiting.bound.hostname, "127.0.0.9");
      using peer = await connectTo(waiting.bound);
      await form.readBound(waiting.conn);
      await peer.closeWrite();
    }
  });
}

Deno.test("startProxy() does not start when it can't leave from an address", async () => {
  const outgoing = { ipv4: parseIpAddress("203.0.113.5")! };
  const listen = [{ host: "127.0.0.1", port: 0 }];
  await assertRejects(
    () => startProxy({ listen, outgoing }),
    StartError,
    "Cannot use 203.0.113.5 as a source address: it is not an address of this machine",
  );
});
