import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { listenResettable } from "../../lib/net/resettable_listener.ts";
import {
  closedPort,
  readExactly,
  within,
  writeAll,
} from "../support/sockets.ts";

Deno.test("listenResettable() accepts connections that can be reset", async () => {
  using listener = await listenResettable("127.0.0.1", closedPort());
  const { hostname, port } = listener.addr;
  // Some wait to be accepted, one is waited for.
  const early = await Promise.all(
    [1, 2].map(() => Deno.connect({ hostname, port })),
  );
  const accepted = [
    await within(5_000, listener.accept()),
    await within(5_000, listener.accept()),
  ];
  const waiting = listener.accept();
  const late = await Deno.connect({ hostname, port });
  accepted.push(await within(5_000, waiting));
  for (const client of [...early, late]) {
    const { port } = client.localAddr as Deno.NetAddr;
    const server = accepted.find(({ remoteAddr }) => remoteAddr.port === port)!;
    await server.write(Uint8Array.of(1, 2, 3));
    server.reset();
    assertEquals(await readExactly(client, 3), Uint8Array.of(1, 2, 3));
    await assertRejects(
      () => within(5_000, client.read(new Uint8Array(1))),
      Deno.errors.ConnectionReset,
    );
    client.close();
  }
});

Deno.test("listenResettable() carries bytes and half-close", async () => {
  using listener = await listenResettable("127.0.0.1", closedPort());
  const { hostname, port } = listener.addr;
  using client = await Deno.connect({ hostname, port });
  using server = await listener.accept();
  await writeAll(client, "abc");
  await client.closeWrite();
  const buffer = new Uint8Array(2);
  assertEquals(await within(5_000, server.read(buffer)), 2);
  assertEquals(await within(5_000, server.read(buffer)), 1);
  assertEquals(await within(5_000, server.read(buffer)), null);
  await server.write(Uint8Array.of(9));
  await server.closeWrite();
  assertEquals(await readExactly(client, 1), Uint8Array.of(9));
  assertEquals(await within(5_000, client.read(buffer)), null);
});

Deno.test("listenResettable() ends the wait of its accept() when it is closed", async () => {
  const listener = await listenResettable("127.0.0.1", closedPort());
  const waiting = assertRejects(
    () => listener.accept(),
    Deno.errors.BadResource,
  );
  listener.close();
  await within(5_000, waiting);
  assertThrows(() => listener.accept(), Deno.errors.BadResource);
});

Deno.test("listenResettable() rejects a port that is in use", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await assertRejects(
    () => listenResettable("127.0.0.1", taken.addr.port),
    Error,
    "EADDRINUSE",
  );
});
