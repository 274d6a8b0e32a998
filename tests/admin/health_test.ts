import { assert, assertEquals } from "@std/assert";
import { MOST_ANSWERED } from "../../lib/admin/server.ts";
import type { WatchedSession } from "../../lib/serve/live_connection.ts";
import { Context } from "../../lib/sync/context.ts";
import {
  CONFIRMED,
  parseAnswer,
  startTestAdmin,
  type TestAdmin,
} from "../support/admin.ts";
import {
  readExactly,
  readToEnd,
  within,
  writeAll,
} from "../support/sockets.ts";
import { assertSoon } from "../support/time.ts";

const TOKEN = "correct-horse-battery-staple";
const BEARER = { Authorization: `Bearer ${TOKEN}` };

/** Makes both health checks, which must get answers within a second. */
async function assertHealthy(admin: TestAdmin): Promise<void> {
  for (const [path, text] of [["/healthz", "ok\n"], ["/readyz", "ready\n"]]) {
    await assertSoon(1_000, async () => {
      const began = performance.now();
      const answer = await within(10_000, admin.ask("GET", path!));
      assertEquals([answer.status, answer.text], [200, text]);
      return performance.now() - began;
    });
  }
}

/** Connections that are closed together. */
class Crowd implements Disposable {
  readonly conns: Deno.Conn[] = [];

  /** Opens connections, each of which sends a text. */
  static async open(
    admin: TestAdmin,
    count: number,
    said: (index: number) => string,
  ): Promise<Crowd> {
    const crowd = new Crowd();
    for (let n = 0; n < count; n++) {
      const conn = await admin.connect();
      crowd.conns.push(conn);
      await writeAll(conn, said(n));
    }
    return crowd;
  }

  [Symbol.dispose](): void {
    for (const conn of this.conns) conn.close();
  }
}

const CROWDS: { name: string; said: string }[] = [
  { name: "slow heads", said: "GET /healthz HTTP/1.1\r\nHost: loc" },
  { name: "silent clients", said: "" },
  { name: "clients that stay after their answer", said: head("/healthz") },
  { name: "clients that stay after a refusal", said: head("/api/status") },
  { name: "clients that do not speak HTTP", said: "\x16\x03\x01\r\n\r\n" },
];

for (const { name, said } of CROWDS) {
  // More than are answered, and more than are answered or wait.
  for (const count of [MOST_ANSWERED + 6, 2 * MOST_ANSWERED + 12]) {
    Deno.test(`startAdmin() answers health checks within a second beside ${count} ${name}`, async () => {
      await using admin = await startTestAdmin({ token: TOKEN });
      using _crowd = await Crowd.open(admin, count, () => said);
      await assertHealthy(admin);
      const options = { headers: BEARER };
      const asked = admin.ask("GET", "/api/status", options);
      assertEquals((await within(10_000, asked)).status, 200);
    });
  }
}

Deno.test("startAdmin() answers health checks within a second while others connect without a pause", async () => {
  await using admin = await startTestAdmin();
  let isOver = false;
  const flood = Array.from({ length: 4 }, async () => {
    const kept: Deno.Conn[] = [];
    while (!isOver) {
      const conn = await admin.connect();
      kept.push(conn);
      await writeAll(conn, "GET /slow").catch(() => {});
      if (kept.length > 100) kept.shift()!.close();
    }
    for (const conn of kept) conn.close();
  });
  for (let n = 0; n < 20; n++) await assertHealthy(admin);
  isOver = true;
  await Promise.all(flood);
});

Deno.test("startAdmin() answers health checks beside a full load of requests and slow heads", async () => {
  const held = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  let count = 0;
  await using admin = await startTestAdmin({
    actions: {
      drain() {},
      async reload() {
        if (++count === MOST_ANSWERED) asked.resolve();
        await held.promise;
        return { reloaded: [] };
      },
      config: () => ({}),
    },
  });
  const reload = `POST /api/reload HTTP/1.1\r\nHost: localhost\r\n` +
    "X-Sluice-Request: 1\r\n\r\n";
  using crowd = await Crowd.open(admin, MOST_ANSWERED, () => reload);
  await within(5_000, asked.promise);
  using _slow = await Crowd.open(admin, 2 * MOST_ANSWERED, () => "GET /");
  await assertHealthy(admin);
  const busy = await within(10_000, admin.ask("GET", "/api/status"));
  assertEquals([busy.status, JSON.parse(busy.text).error.code], [503, "busy"]);
  // No connection with an answer in progress was closed.
  held.resolve();
  for (const conn of crowd.conns) {
    const got = await within(5_000, readExactly(conn, 15));
    assertEquals(new TextDecoder().decode(got), "HTTP/1.1 200 OK");
  }
  const again = await admin.ask("POST", "/api/reload", { headers: CONFIRMED });
  assertEquals(again.status, 200);
});

Deno.test("startAdmin() answers health checks while many request a long list of tunnels", async () => {
  await using admin = await startTestAdmin();
  const watch = admin.registry.listen({
    ...{ name: "127.0.0.1:1080", kind: "proxy", isPublic: false },
  });
  for (let n = 0; n < 600; n++) watch.enter(idleSession());
  using crowd = await Crowd.open(admin, MOST_ANSWERED, () => "");
  const asking = crowd.conns.map(async (conn) => {
    await writeAll(conn, head("/api/tunnels"));
    return parseAnswer(await readToEnd(conn));
  });
  // Requests are answered in order, so this one comes in the middle.
  let answered = 0;
  for (const answer of asking) answer.then(() => answered++);
  await asking[1];
  await assertHealthy(admin);
  assert(answered < MOST_ANSWERED, "nothing was spaced out");
  for (const { status } of await Promise.all(asking)) assertEquals(status, 200);
});

/** A connection with only the fields of a row. */
function idleSession(): WatchedSession {
  return {
    context: new Context(),
    record: {
      ...{ event: "connection", result: "ok", code: "closed", reason: "" },
      ...{ startedAt: 0, duration: 0, sent: 0, received: 0 },
      listener: "127.0.0.1:1080",
      client: "127.0.0.1:40000",
      target: "example.com:443",
    },
  };
}

function head(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
}
