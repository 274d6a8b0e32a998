import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { dial } from "../../lib/net/dial.ts";
import { DialError } from "../../lib/net/dial_error.ts";
import { Context } from "../../lib/sync/context.ts";
import {
  formatIpAddress,
  type IpAddress,
  parseIpAddress,
} from "../../lib/wire/ip_address.ts";
import { closedPort, startServer, within } from "../support/sockets.ts";

function ips(...texts: string[]): IpAddress[] {
  return texts.map((text) => parseIpAddress(text)!);
}

Deno.test("dial() connects to an address of either family", async (t) => {
  for (const host of ["127.0.0.1", "::1"]) {
    await t.step(host, async () => {
      await using server = startServer(() => {}, host);
      const { connection, address } = await dial(
        ips(host),
        server.addr.port,
        new Context(),
      );
      assertEquals(formatIpAddress(address), host);
      connection.close();
    });
  }
});

Deno.test("dial() throws what the address answered", async () => {
  const port = closedPort();
  const error = await assertRejects(
    () => dial(ips("127.0.0.1"), port, new Context()),
    DialError,
    `Cannot reach 127.0.0.1:${port}: connection refused`,
  );
  assertEquals(error.kind, "refused");
});

Deno.test("dial() goes on to the next address when one fails", async () => {
  await using server = startServer(() => {});
  const { connection, address } = await within(
    2_000,
    dial(
      ips("127.0.0.2", "127.0.0.3", "127.0.0.1"),
      server.addr.port,
      new Context(),
      // So long that only the failures can have moved it on.
      { stagger: 60_000 },
    ),
  );
  assertEquals(formatIpAddress(address), "127.0.0.1");
  connection.close();
});

/** Addresses of loopback that a full backlog keeps from answering. */
interface SilentHost extends AsyncDisposable {
  port: number;
}

/**
 * Makes `127.0.0.1:port` silent: a listener whose backlog is full and that
 * accepts nobody drops further handshakes.
 */
async function startSilentHost(): Promise<SilentHost | undefined> {
  const script = `
import socket, sys
l = socket.socket(); l.bind(("127.0.0.1", 0)); l.listen(0)
held = []
for _ in range(8):
    s = socket.socket(); s.setblocking(False)
    s.connect_ex(l.getsockname()); held.append(s)
print(l.getsockname()[1], flush=True); sys.stdin.read()`;
  const command = new Deno.Command("python3", {
    args: ["-c", script],
    stdin: "piped",
    stdout: "piped",
  });
  let child: Deno.ChildProcess;
  try {
    child = command.spawn();
  } catch {
    return undefined;
  }
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  return {
    port: Number(new TextDecoder().decode(value)),
    async [Symbol.asyncDispose]() {
      await child.stdin.close();
      await reader.cancel();
      await child.status;
    },
  };
}

const hasPython = await (async () => {
  try {
    const { success } = await new Deno.Command("python3", { args: ["-V"] })
      .output();
    return success;
  } catch {
    return false;
  }
})();
const needsPython = hasPython ? "" : " (ignored: needs python3)";

Deno.test({
  name: `dial() gives up a silent host when its time is up${needsPython}`,
  ignore: !hasPython,
  async fn() {
    await using silent = (await startSilentHost())!;
    const started = performance.now();
    const error = await assertRejects(
      () =>
        within(
          5_000,
          dial(ips("127.0.0.1"), silent.port, new Context(), { timeout: 150 }),
        ),
      DialError,
      "no answer in time",
    );
    assertEquals(error.kind, "timeout");
    assert(performance.now() - started >= 150);
  },
});

Deno.test({
  name: `dial() tries the next address when one stays silent${needsPython}`,
  ignore: !hasPython,
  async fn() {
    await using silent = (await startSilentHost())!;
    using listener = Deno.listen({ hostname: "127.0.0.2", port: silent.port });
    const started = performance.now();
    const { connection, address } = await within(
      5_000,
      dial(ips("127.0.0.1", "127.0.0.2"), silent.port, new Context(), {
        stagger: 100,
      }),
    );
    assertEquals(formatIpAddress(address), "127.0.0.2");
    const took = performance.now() - started;
    assert(took >= 95, `the first had its time: ${took} ms`);
    assertLess(took, 2_000);
    connection.close();
    (await listener.accept()).close();
  },
});

Deno.test({
  name: `dial() prefers the failure that says most${needsPython}`,
  ignore: !hasPython,
  async fn() {
    await using silent = (await startSilentHost())!;
    const error = await assertRejects(
      () =>
        dial(ips("127.0.0.1", "127.0.0.2"), silent.port, new Context(), {
          timeout: 200,
          stagger: 20,
        }),
      DialError,
    );
    assertEquals(error.kind, "refused");
  },
});

Deno.test({
  name: `dial() throws the reason when it is cancelled${needsPython}`,
  ignore: !hasPython,
  async fn() {
    await using silent = (await startSilentHost())!;
    const context = new Context();
    const pending = dial(ips("127.0.0.1"), silent.port, context);
    context.cancel(new Error("drain"));
    await assertRejects(() => within(2_000, pending), Error, "drain");
  },
});

Deno.test("dial() does not begin when it is cancelled already", async () => {
  const context = new Context();
  context.cancel(new Error("drain"));
  await using server = startServer(() => {});
  await assertRejects(
    () => dial(ips("127.0.0.1"), server.addr.port, context),
    Error,
    "drain",
  );
  assertEquals(server.accepted, 0);
});

Deno.test("dial() interleaves the families", async () => {
  const port = closedPort();
  await using server = startServer(() => {}, "::1");
  // Two refused IPv4 addresses in front: were they tried first, each would cost
  // nothing, so what shows the order is which address answers.
  const { connection, address } = await dial(
    ips("127.0.0.2", "127.0.0.3", "::1"),
    server.addr.port,
    new Context(),
    { stagger: 60_000 },
  );
  assertEquals(formatIpAddress(address), "::1");
  assert(port > 0);
  connection.close();
});
