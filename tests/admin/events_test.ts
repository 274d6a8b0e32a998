import { SERIES } from "../../lib/admin/record/timeline.ts";
import { assert, assertEquals } from "@std/assert";
import { AdminEvents, MOST_READERS } from "../../lib/admin/events.ts";
import { Context } from "../../lib/sync/context.ts";
import {
  readEvents,
  startTestAdmin,
  type TestAdmin,
  watched,
} from "../support/admin.ts";
import { openTunnel, startTestProxy } from "../support/proxy.ts";
import {
  readExactly,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";
import { pass } from "../support/time.ts";

async function listen(admin: TestAdmin): Promise<Deno.Conn> {
  const conn = await admin.connect();
  const request = `GET /api/events HTTP/1.1\r\nHost: ${admin.host}\r\n\r\n`;
  await writeAll(conn, request);
  return conn;
}

Deno.test("AdminEvents reports tunnels as gone that end between a snapshot and its tick", async () => {
  await using admin = await startTestAdmin({ eventStep: 300 });
  await using echo = startEcho();
  await using test = await startTestProxy({ host: watched(admin.registry) });
  using first = await listen(admin);
  const others = readEvents(first);
  assertEquals((await others.next()).value!.name, "snapshot");
  // Right after a tick, the next one is a whole interval away.
  assertEquals((await others.next()).value!.name, "tick");
  const tunnel = await openTunnel(test, echo.addr);
  using second = await listen(admin);
  const events = readEvents(second);
  const { data } = (await events.next()).value!;
  const open = new Set(data.tunnels.map(({ id }: { id: number }) => id));
  tunnel.close();
  await test.whenEnded(1);
  let hasEnded = false;
  for (let n = 0; n < 5 && (!hasEnded || open.size > 0); n++) {
    const { opened, closed, gone } = (await events.next()).value!.data;
    for (const { id } of opened) open.add(id);
    for (const id of gone) open.delete(id);
    hasEnded ||= closed.length > 0;
  }
  assert(hasEnded);
  assertEquals([...open], []);
});

Deno.test("AdminEvents.close() tells readers that the program ends", async () => {
  const admin = await startTestAdmin({ eventStep: 20 });
  using stream = await listen(admin);
  const events = readEvents(stream);
  assertEquals((await events.next()).value!.name, "snapshot");
  const closed = admin[Symbol.asyncDispose]();
  const names: string[] = [];
  for await (const { name } of events) names.push(name);
  assertEquals(names.at(-1), "end");
  assertEquals(names.filter((name) => name === "end").length, 1);
  await closed;
});

Deno.test("AdminEvents sends a snapshot first, then the changes", async () => {
  await using admin = await startTestAdmin({ eventStep: 20 });
  await using echo = startEcho();
  const { registry } = admin;
  await using test = await startTestProxy({ host: watched(registry) });
  using before = await openTunnel(test, echo.addr);
  using stream = await listen(admin);
  const events = readEvents(stream);
  const first = (await events.next()).value!;
  assertEquals(first.name, "snapshot");
  assertEquals(first.data.status.open, 1);
  assertEquals(first.data.tunnels.map(({ id }: { id: number }) => id), [1]);

  /** Collects ticks until one of them satisfies a condition. */
  // deno-lint-ignore no-explicit-any
  async function until(is: (data: any) => boolean): Promise<any> {
    while (true) {
      const { data, name } = (await events.next()).value!;
      if (name === "tick" && is(data)) return data;
    }
  }
  await writeAll(before, "hello");
  await readExactly(before, 5);
  // A tick may fall between the two directions.
  const changed = await until(({ changed }) =>
    changed.some(([, , received]: number[]) => received === 5)
  );
  assertEquals(changed.changed, [[1, 5, 5, "open"]]);
  assertEquals(changed.opened, []);

  const later = await openTunnel(test, echo.addr);
  const opened = await until(({ opened }) =>
    opened.some(({ target }: { target?: string }) => target !== undefined)
  );
  assertEquals(opened.opened[0].id, 2);
  later.close();
  const closed = await until(({ closed }) => closed.length > 0);
  assertEquals(closed.closed[0].reason, "client closed first");
  const gone = closed.gone.length > 0
    ? closed
    : await until(({ gone }) => gone.length > 0);
  assertEquals(gone.gone, [2]);
  assertEquals(gone.status.open, 1);
  const quiet = await until(() => true);
  assertEquals([quiet.opened, quiet.closed, quiet.changed, quiet.gone], [
    [],
    [],
    [],
    [],
  ]);
});

Deno.test("AdminEvents sends a new point of the history", async () => {
  await using admin = await startTestAdmin({ historyStep: 20 });
  using stream = await listen(admin);
  for await (const { data, name } of readEvents(stream)) {
    if (name !== "history") continue;
    assertEquals(Object.keys(data).toSorted(), ["at", ...SERIES].toSorted());
    break;
  }
});

Deno.test("AdminEvents limits readers, and accepts new ones when others have left", async () => {
  await using admin = await startTestAdmin({ eventStep: 10 });
  const readers: Deno.Conn[] = [];
  for (let n = 0; n < MOST_READERS; n++) {
    const conn = await listen(admin);
    await readEvents(conn).next();
    readers.push(conn);
  }
  const { status, text } = await admin.ask("GET", "/api/events");
  assertEquals([status, JSON.parse(text).error.code], [503, "busy"]);
  for (const conn of readers) conn.close();
  while (true) {
    using conn = await listen(admin);
    const bytes = await readExactly(conn, 12);
    if (new TextDecoder().decode(bytes) === "HTTP/1.1 200") break;
  }
});

Deno.test("AdminEvents disconnects a slow reader, and does no work without readers", async () => {
  await using admin = await startTestAdmin();
  let looks = 0;
  const view = {
    status: () => Promise.resolve({}),
    get changing() {
      looks++;
      return {};
    },
  };
  // deno-lint-ignore no-explicit-any
  const events = new AdminEvents(view as any, admin.threads, { step: 5 });
  const context = new Context();
  const never = Promise.withResolvers<void>();
  const serving = events.serve(() => never.promise, context);
  const dropped = Promise.withResolvers<unknown>();
  context.onCancel(dropped.resolve);
  const reason = await within(5_000, dropped.promise);
  assert(String(reason).includes("too slow"));
  never.reject(new Error("closed"));
  await serving.catch(() => {});
  assertEquals(events.readers, 0);
  const before = looks;
  await pass(50); // Ten steps.
  assertEquals(looks, before);
});
