import { assert, assertEquals } from "@std/assert";
import { parseParent } from "../../../lib/wire/parent_url.ts";
import { BIND_FORMS, connectTo, startBind } from "../../support/bind.ts";
import {
  assertBytes,
  exchange,
  HAS_IPV6,
  join,
  nameRequest,
  refusal,
} from "../../support/dialogue.ts";
import { startTestForward, upstreamAt } from "../../support/forward.ts";
import {
  address,
  startNameServer,
  type TestNameServer,
  TYPE,
} from "../../support/name_server.ts";
import { GREETING, openTunnel, startTestProxy } from "../../support/proxy.ts";
import { rulesOf } from "../../support/rules.ts";
import {
  readExactly,
  startEcho,
  type TestServer,
  within,
  writeAll,
} from "../../support/sockets.ts";
import { openAssociation, startUdp } from "../../support/udp.ts";

/** Milliseconds after AAAA that the answer for A comes. */
const LATE = 150;

/** Nobody listens at ::1, an echo server at 127.0.0.1. */
interface Late extends AsyncDisposable {
  readonly names: TestNameServer;
  readonly config: { names: { servers: TestNameServer["server"][] } };
  readonly echo: TestServer;
}

function startLate(): Late {
  const names = startNameServer(async ({ name, type }) => {
    if (type === TYPE.aaaa) return [{ answers: [address(name, "::1")] }];
    await new Promise((resolve) => setTimeout(resolve, LATE));
    return [{ answers: [address(name, "127.0.0.1")] }];
  });
  const echo = startEcho();
  return {
    names,
    config: { names: { servers: [names.server] } },
    echo,
    async [Symbol.asyncDispose]() {
      await names[Symbol.asyncDispose]();
      await echo[Symbol.asyncDispose]();
    },
  };
}

function test(
  name: string,
  fn: (t: Deno.TestContext) => Promise<void>,
): void {
  Deno.test({ name, ignore: !HAS_IPV6, fn });
}

async function assertEchoes(conn: Deno.Conn): Promise<void> {
  await writeAll(conn, "ping");
  assertBytes(await within(5_000, readExactly(conn, 4)), [112, 105, 110, 103]);
}

test("a late A is tried when the address of AAAA refuses, and both are kept", async () => {
  await using late = startLate();
  await using proxy = await startTestProxy(late.config);
  const target = { hostname: "a.test", port: late.echo.addr.port };
  for (let n = 0; n < 3; n++) {
    using conn = await within(5_000, openTunnel(proxy, target));
    await assertEchoes(conn);
  }
  assertEquals(late.names.asked.length, 2);
  const [record] = await proxy.whenEnded(1);
  assertEquals(record!.address, `127.0.0.1:${target.port}`);
});

test("a late A serves all who ask for the name meanwhile", async () => {
  await using late = startLate();
  await using proxy = await startTestProxy(late.config);
  const target = { hostname: "a.test", port: late.echo.addr.port };
  await Promise.all(Array.from({ length: 20 }, async () => {
    using conn = await within(5_000, openTunnel(proxy, target));
    await assertEchoes(conn);
  }));
  assertEquals(late.names.asked.length, 2);
});

test("a late A is judged by the rules when it comes", async (t) => {
  const cases: [rules: string, isReached: boolean][] = [
    ["v4: allow to 127.0.0.1\ndefault deny", true],
    ["v6: allow to ::1\ndefault deny", false],
    ["neither: deny to loopback", false],
  ];
  for (const [rules, isReached] of cases) {
    await t.step(rules, async () => {
      await using late = startLate();
      await using proxy = await startTestProxy({
        ...late.config,
        rules: { current: rulesOf(rules) },
      });
      const { port } = late.echo.addr;
      if (isReached) {
        const target = { hostname: "a.test", port };
        using conn = await within(5_000, openTunnel(proxy, target));
        await assertEchoes(conn);
        conn.close();
        assertEquals((await proxy.whenEnded(1))[0]!.rule, "v4");
        return;
      }
      const request = join(GREETING, nameRequest("a.test", port));
      const answer = await within(5_000, exchange(proxy, request));
      // Allowed by its name's address that refuses, or by none.
      const reply = rules.startsWith("v6") ? 5 : 2;
      assertBytes(answer, join([5, 0], refusal(reply)));
      assertEquals(late.echo.accepted, 0);
    });
  }
});

test("a late A is tried for an upstream and for a parent", async () => {
  await using late = startLate();
  const { port } = late.echo.addr;
  await using forward = await startTestForward(
    [upstreamAt({ host: "a.test", port })],
    late.config,
  );
  using conn = await forward.connect();
  await assertEchoes(conn);

  await using parent = await startTestProxy();
  const url = `socks5h://b.test:${parent.addr.port}`;
  await using proxy = await startTestProxy({
    ...late.config,
    parents: { via: [[parseParent(url)]] },
  });
  using other = await within(5_000, openTunnel(proxy, late.echo.addr));
  await assertEchoes(other);
});

test("a late A is resolved for a parent that takes IPv4 alone", async () => {
  await using late = startLate();
  await using parent = await startTestProxy();
  const { hostname, port } = parent.addr;
  await using proxy = await startTestProxy({
    ...late.config,
    parents: { via: [[parseParent(`socks4://${hostname}:${port}`)]] },
  });
  const target = { hostname: "a.test", port: late.echo.addr.port };
  using conn = await within(5_000, openTunnel(proxy, target));
  await assertEchoes(conn);
});

test("datagrams wait for a late A, which comes first for them", async () => {
  await using late = startLate();
  await using echo = startUdp();
  await using proxy = await startTestProxy(late.config);
  using client = await openAssociation(proxy);
  const { port } = echo.addr;
  await client.send(Uint8Array.of(1), { hostname: "a.test", port });
  assertEquals((await client.receive()).origin, `127.0.0.1 ${port}`);
});

for (const form of BIND_FORMS) {
  test(`a peer of BIND may come from a late A with ${form.name}`, async () => {
    await using late = startLate();
    await using proxy = await startTestProxy(late.config);
    using waiting = await startBind(proxy, form, "a.test");
    let joined = false;
    const bound = form.readBound(waiting.conn).then(() => joined = true);
    // Whoever comes before the answer is a stranger still.
    while (!joined) {
      using peer = await connectTo(waiting.bound);
      await Promise.race([bound, peer.read(new Uint8Array(1)).catch(() => 0)]);
    }
    assert(joined);
  });
}
