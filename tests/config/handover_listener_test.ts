import { assert, assertEquals, assertRejects } from "@std/assert";
import { HandoverListener } from "../../lib/config/handover_listener.ts";
import { assertFree } from "../support/free_port.ts";
import { readToEnd } from "../support/sockets.ts";

function open(): {
  shared: HandoverListener;
  addr: Deno.NetAddr;
  connect(): Promise<Deno.TcpConn>;
} {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { addr } = listener;
  const { port } = addr;
  return {
    addr,
    shared: new HandoverListener(listener),
    connect: () => Deno.connect({ hostname: "127.0.0.1", port }),
  };
}

Deno.test("HandoverListener gives connections to the last server that was given the socket", async () => {
  const { shared, connect } = open();
  const [one, other] = [shared.borrow(), shared.borrow()];
  shared.give(one);
  const first = one.accept();
  using _client = await connect();
  (await first).close();
  const abandoned = one.accept();
  const second = other.accept();
  shared.give(other);
  using _next = await connect();
  (await second).close();
  other[Symbol.dispose]();
  one[Symbol.dispose]();
  await assertRejects(() => abandoned, Deno.errors.BadResource);
});

Deno.test("HandoverListener keeps a connection that arrives while no server accepts", async () => {
  const { shared, connect } = open();
  const [one, other] = [shared.borrow(), shared.borrow()];
  shared.give(one);
  const asked = one.accept();
  shared.give(other);
  using _client = await connect();
  using _second = await connect();
  const connections = [await other.accept(), await other.accept()];
  assertEquals(connections.length, 2);
  for (const connection of connections) connection.close();
  shared.close();
  one[Symbol.dispose]();
  await assertRejects(() => asked, Deno.errors.BadResource);
});

Deno.test("HandoverListener closes with the server that holds the socket, not with others", async () => {
  const { addr, shared, connect } = open();
  const [one, other] = [shared.borrow(), shared.borrow()];
  shared.give(one);
  shared.give(other);
  one[Symbol.dispose]();
  (await connect()).close();
  other[Symbol.dispose]();
  assertFree(addr);
  await assertRejects(() => other.accept(), Deno.errors.BadResource);
});

Deno.test("HandoverListener closes a kept connection when it is closed", async () => {
  const { shared, connect } = open();
  const [one, other] = [shared.borrow(), shared.borrow()];
  shared.give(one);
  const asked = one.accept();
  shared.give(other); // Asks for nothing, and the socket was asked already.
  using client = await connect();
  using _probe = await connect();
  shared.close();
  assertEquals((await readToEnd(client)).length, 0);
  one[Symbol.dispose]();
  await assertRejects(() => asked, Deno.errors.BadResource);
});

Deno.test("HandoverListener passes on errors of accept()", async () => {
  const error = new Deno.errors.ConnectionAborted("gone");
  let isClosed = false;
  const shared = new HandoverListener({
    addr: { transport: "tcp", hostname: "127.0.0.1", port: 1 },
    accept: () => Promise.reject(error),
    [Symbol.dispose]() {
      isClosed = true;
    },
  });
  const borrowed = shared.borrow();
  shared.give(borrowed);
  assertEquals(
    await assertRejects(() => borrowed.accept()),
    error,
  );
  borrowed[Symbol.dispose]();
  assert(isClosed);
});
