import { assert, assertEquals } from "@std/assert";
import type { ConnectionEvent } from "../../lib/observe/log_event.ts";
import {
  assertBytes,
  type Bytes,
  credentials,
  dialogue,
  eventually,
  join,
  nameRequest,
  readToEof,
  refusal,
  roundTrip,
  startSilentHost,
} from "../support/dialogue.ts";
import { GREETING, startTestProxy, type TestProxy } from "../support/proxy.ts";
import {
  readExactly,
  readToEnd,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";
import { pass } from "../support/time.ts";

/** Milliseconds; the limits that are tested. */
const LIMIT = 300;

/** A limit that is not kept shows within this time. */
const LATE = LIMIT + 1_500;

const USER = { name: "alice", password: "secret" };

const SILENT: { name: string; said: Bytes; users?: [typeof USER] }[] = [
  { name: "nothing", said: join() },
  { name: "half a greeting", said: join([5]) },
  { name: "a greeting without its methods", said: join([5, 3, 1]) },
  { name: "a greeting", said: join(GREETING) },
  { name: "half a request", said: dialogue("127.0.0.1", 80).subarray(0, 7) },
  {
    name: "half a name",
    said: join(GREETING, nameRequest("localhost", 80).subarray(0, 8)),
  },
  {
    name: "all but the last byte",
    said: dialogue("127.0.0.1", 80).subarray(0, -1),
  },
  { name: "a greeting with method 2", said: join([5, 1, 2]), users: [USER] },
  {
    name: "half of its credentials",
    said: join([5, 1, 2], credentials("alice", "secret").subarray(0, 6)),
    users: [USER],
  },
  {
    name: "its credentials",
    said: join([5, 1, 2], credentials("alice", "secret")),
    users: [USER],
  },
];

Deno.test(`socks5() drops ${SILENT.length} kinds of silent clients at the handshake limit`, async (t) => {
  await using open = await startTestProxy({ timeouts: { handshake: LIMIT } });
  await using closed = await startTestProxy({
    timeouts: { handshake: LIMIT },
    users: [USER],
  });
  const drops = SILENT.map(({ said, users }) =>
    dropped(users === undefined ? open : closed, said)
  );
  // All at once, so that the time passes only once.
  const results = await Promise.allSettled(drops);
  for (const [n, { name, said }] of SILENT.entries()) {
    await t.step(`one that has said ${name}`, () => {
      const result = results[n]!;
      if (result.status === "rejected") throw result.reason;
      const { record, took } = result.value;
      assert(took > LIMIT - 20, `dropped after ${took} ms already`);
      assertEquals(record.result, "dropped");
      assertEquals(
        record.reason,
        `Handshake time of 0.3 s has passed, after ${said.length} bytes of the handshake`,
      );
    });
  }
});

/** Says something, waits for the end, and finds what was logged about it. */
async function dropped(
  proxy: TestProxy,
  said: Bytes,
): Promise<{ record: ConnectionEvent; took: number }> {
  const started = performance.now();
  using conn = await proxy.connect();
  const { port } = conn.localAddr as Deno.NetAddr;
  await writeAll(conn, said);
  await within(LATE, readToEnd(conn));
  const took = performance.now() - started;
  while (true) {
    const client = `127.0.0.1:${port}`;
    const record = proxy.ended.find((record) => record.client === client);
    if (record !== undefined) return { record, took };
    await within(LATE, proxy.whenEnded(proxy.ended.length + 1));
  }
}

Deno.test("socks5() gives the handshake limit to the whole handshake, not to each byte", async () => {
  await using proxy = await startTestProxy({ timeouts: { handshake: LIMIT } });
  using conn = await proxy.connect();
  const started = performance.now();
  const dripping = (async () => {
    await writeAll(conn, [5, 255]);
    for (let n = 0; n < 255; n++) {
      await pass(30); // The drip.
      await writeAll(conn, [0]);
    }
  })().catch(() => {});
  await within(LATE, readToEnd(conn));
  const took = performance.now() - started;
  assert(took > LIMIT - 20, `dropped after ${took} ms already`);
  const [record] = await proxy.whenEnded(1);
  assertEquals(record!.result, "dropped");
  await within(LATE, dripping);
});

Deno.test("socks5() closes on a refused client that stays, at the handshake limit", async () => {
  await using proxy = await startTestProxy({ timeouts: { handshake: LIMIT } });
  using conn = await proxy.connect();
  await writeAll(conn, dialogue("127.0.0.1", 0));
  const answer = await within(LATE, readToEof(conn));
  assertBytes(answer, join([5, 0], refusal(1)));
  await within(LATE, proxy.whenEnded(1)); // Although our side is still open.
});

Deno.test("socks5() replies 6 when the target does not answer within the connect limit", async (t) => {
  using silent = await startSilentHost();
  if (silent === undefined) {
    await t.step({ name: "the system answers", ignore: true, fn() {} });
    return;
  }
  await using echo = startEcho();
  await using proxy = await startTestProxy({
    timeouts: { connect: LIMIT },
    names: { preference: "only-ipv4" }, // Over IPv6 the port refuses.
  });
  const { port } = silent.addr;
  const requests = [
    dialogue("127.0.0.1", port),
    join(GREETING, nameRequest("localhost", port)),
  ];
  await Promise.all(requests.map(async (request) => {
    using conn = await proxy.connect();
    const started = performance.now();
    await writeAll(conn, request);
    assertBytes(await readExactly(conn, 2), [5, 0]);
    await roundTrip(proxy, echo); // Others do not wait meanwhile.
    const answer = await within(LATE, readToEof(conn));
    assertBytes(answer, refusal(6));
    const took = performance.now() - started;
    assert(took > LIMIT - 20, `given up after ${took} ms already`);
  }));
  const ended = await proxy.whenEnded(4);
  const failed = ended.filter(({ result }) => result === "failed");
  assertEquals(failed.length, 2);
  for (const { reason } of failed) {
    assertEquals(reason, `Cannot reach 127.0.0.1:${port}: no answer in time`);
  }
});

Deno.test("socks5() gives everything back when the client leaves while the target is dialled", async (t) => {
  using silent = await startSilentHost();
  if (silent === undefined) {
    await t.step({ name: "the system answers", ignore: true, fn() {} });
    return;
  }
  await using proxy = await startTestProxy({ timeouts: { connect: LIMIT } });
  {
    using conn = await proxy.connect();
    await writeAll(conn, dialogue("127.0.0.1", silent.addr.port));
    assertBytes(await readExactly(conn, 2), [5, 0]);
  }
  const [record] = await within(LATE, proxy.whenEnded(1));
  assertEquals([record!.result, record!.address], ["failed", undefined]);
  assert(await eventually(() => proxy.proxy.connections === 0));
});
