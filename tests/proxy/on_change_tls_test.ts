import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Connection } from "../../lib/net/connection.ts";
import { openTls } from "../../lib/serve/tls/open.ts";
import { issue, revoke } from "../support/certificates.ts";
import { eventually } from "../support/dialogue.ts";
import { connectRequest, GREETING } from "../support/proxy.ts";
import {
  readExactly,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";
import { mutualTls, startTlsProxy } from "../support/tls_proxy.ts";

async function openTunnel(
  connection: Connection,
  { port }: Deno.NetAddr,
): Promise<void> {
  await writeAll(connection, GREETING);
  await within(5_000, readExactly(connection, 2));
  await writeAll(connection, connectRequest("127.0.0.1", port));
  const reply = await within(5_000, readExactly(connection, 10));
  assertEquals(reply[1], 0);
}

Deno.test("a change of certificates cuts the tunnels of a client whose certificate is revoked, and no other", async () => {
  await using echo = startEcho();
  await using proxy = await startTlsProxy({
    config: { onChange: "cut" },
    async tls(authority) {
      await authority.write("ca.crl", await revoke([], authority.authority));
      return {
        ...mutualTls(authority),
        revocationLists: authority.path("ca.crl"),
      };
    },
  });
  const { authority } = proxy;
  const bob = await issue({ name: "bob" }, authority.authority);
  const [alices, bobs] = [await proxy.connect(), await proxy.connect(bob)];
  await openTunnel(alices, echo.addr);
  await openTunnel(bobs, echo.addr);
  const { sessions } = proxy.proxy.proxy;
  await sessions!.review();
  assertEquals(proxy.proxy.ended, []);
  await authority.write(
    "ca.crl",
    await revoke([authority.alice], authority.authority),
  );
  for (const file of proxy.files) assertEquals(await file.reload(), undefined);
  await sessions!.review();
  const [record] = await within(5_000, proxy.proxy.whenEnded(1));
  assertEquals([record!.user, record!.result], ["alice", "cut"]);
  assertStringIncludes(record!.reason, "revoked: ");
  await writeAll(bobs, "ping");
  await within(5_000, readExactly(bobs, 4));
  alices.close();
  bobs.close();
  assert(await eventually(() => proxy.proxy.ended.length === 2));
});

Deno.test("openTls() tells of other files that are in force, and not of those that do not fit", async () => {
  await using proxy = await startTlsProxy();
  const { authority } = proxy;
  let changes = 0;
  const opened = await openTls(mutualTls(authority), {
    log: () => {},
    onChange: () => changes++,
  });
  const [files] = opened.files;
  await authority.write("server.key", authority.alice.key);
  await files!.reload();
  assertEquals(changes, 0);
  await authority.write("server.key", authority.server.key);
  await files!.reload();
  assertEquals(changes, 1);
});
