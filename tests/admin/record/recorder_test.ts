import { assertEquals } from "@std/assert";
import type { Ranking, Recorded } from "../../../lib/admin/record/event_sum.ts";
import { Recorder } from "../../../lib/admin/record/recorder.ts";
import { Registry } from "../../../lib/serve/registry.ts";
import { startHttp } from "../../support/programs.ts";
import { startTestProxy } from "../../support/proxy.ts";
import { watched } from "../../support/admin.ts";
import { readExactly, within, writeAll } from "../../support/sockets.ts";
import { FakeConnection } from "../../support/threads.ts";

function start(): { recorder: Recorder; listener: FakeListener } {
  const registry = new Registry();
  const listener = registry.listen({
    name: "127.0.0.1:1080",
    kind: "proxy",
    isPublic: false,
  });
  return { recorder: new Recorder(registry), listener };
}

type FakeListener = ConstructorParameters<typeof FakeConnection>[0];

/** Bytes and connections by key. */
function ranked(
  { rankings }: Recorded,
  ranking: Ranking,
): Record<string, [bytes: number, connections: number]> {
  const { counts, keys } = rankings[ranking];
  return Object.fromEntries(
    keys.map((key, n) => [key, [counts[4 * n]!, counts[4 * n + 2]!]]),
  );
}

Deno.test("Recorder counts the bytes of an open tunnel once, at each question", () => {
  const { listener, recorder } = start();
  const tunnel = new FakeConnection(listener, { user: "alice" });
  tunnel.carry(10, 20);
  assertEquals(ranked(recorder.take(), "user"), { alice: [30, 1] });
  assertEquals(ranked(recorder.take(), "user"), {});
  tunnel.carry(1, 0);
  assertEquals(ranked(recorder.take(), "user"), { alice: [1, 0] });
  tunnel.carry(0, 4);
  tunnel.end();
  const last = recorder.take();
  assertEquals(ranked(last, "user"), { alice: [4, 0] });
  assertEquals([last.bytes, last.connections, last.results.ok], [4, 0, 1]);
  assertEquals(recorder.take().bytes, 0);
});

Deno.test("Recorder ranks users, clients without their ports, targets and rules", () => {
  const { listener, recorder } = start();
  for (const client of ["192.0.2.1:1", "192.0.2.1:2", "[2001:db8::1]:3"]) {
    const tunnel = new FakeConnection(listener, { client, rule: "office" });
    tunnel.carry(1, 1);
    tunnel.end();
  }
  const all = recorder.take();
  assertEquals(ranked(all, "client"), {
    "192.0.2.1": [4, 2],
    "2001:db8::1": [2, 1],
  });
  assertEquals(ranked(all, "target"), { "example.com:443": [6, 3] });
  assertEquals(ranked(all, "rule"), { office: [6, 3] });
  assertEquals(ranked(all, "user"), {});
  assertEquals(ranked(all, "reason"), {});
});

Deno.test("Recorder counts results, refusing rules and unreachable targets", () => {
  const { listener, recorder } = start();
  const end = (more: ConstructorParameters<typeof FakeConnection>[1]) =>
    new FakeConnection(listener, more).end();
  end({ result: "refused", code: "rule", rule: "no mail" });
  end({ result: "refused", code: "rule", rule: "no mail" });
  end({ result: "failed", code: "dial-timeout", target: "a:1" });
  end({ result: "cut", code: "idle-timeout" });
  end({ result: "ok", rule: "office" });
  const all = recorder.take();
  assertEquals(all.results, {
    ...{ ok: 1, cut: 1, refused: 2, failed: 1, dropped: 0 },
  });
  assertEquals(ranked(all, "reason"), {
    "refused rule": [0, 2],
    "failed dial-timeout": [0, 1],
    "cut idle-timeout": [0, 1],
  });
  assertEquals(ranked(all, "refusing"), { "no mail": [0, 2] });
  assertEquals(ranked(all, "missed"), { "a:1": [0, 1] });
});

Deno.test("Recorder counts each HTTP request of a connection, and its bytes once", async () => {
  await using server = startHttp(() => new Response("12345"));
  const registry = new Registry();
  const recorder = new Recorder(registry);
  await using test = await startTestProxy({ host: watched(registry) });
  const at = `127.0.0.1:${server.addr.port}`;
  using conn = await Deno.connect({
    hostname: "127.0.0.1",
    port: test.proxy.listeners[0]!.addr.port,
  });
  const request = `GET http://${at}/ HTTP/1.1\r\nHost: ${at}\r\n\r\n`;
  let [bytes, connections] = [0, 0];
  for (let n = 1; n <= 3; n++) {
    await writeAll(conn, request);
    await readExactly(conn, 12);
    await within(5_000, test.whenEnded(n));
    // Between two requests nothing is counted again.
    for (const all of [recorder.take(), recorder.take()]) {
      bytes += all.bytes;
      connections += all.connections;
    }
  }
  const logged = test.ended
    .reduce((sum, { received, sent }) => sum + sent + received, 0);
  assertEquals([bytes, connections], [logged, 3]);
});
