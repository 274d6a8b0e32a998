import { assert, assertEquals, assertRejects } from "@std/assert";
import { startAdmin } from "../../lib/admin/server.ts";
import { AdminError } from "../../lib/admin/error.ts";
import { DrainState } from "../../lib/admin/drain_state.ts";
import { startForward } from "../support/forward.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";
import { Registry } from "../../lib/serve/registry.ts";
import type { LogEvent } from "../../lib/observe/log_event.ts";
import { Bans } from "../../lib/policy/users/bans.ts";
import {
  CONFIRMED,
  startTestAdmin,
  threadsOf,
  watched,
} from "../support/admin.ts";
import { fakeNodes } from "../support/fake_fleet.ts";
import { makeFolder } from "../support/programs.ts";
import { openTunnel, startTestProxy } from "../support/proxy.ts";
import {
  closedPort,
  readExactly,
  readToEnd,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";

const TOKEN = "correct-horse-battery-staple";
const BEARER = { Authorization: `Bearer ${TOKEN}` };

Deno.test("startAdmin() shows an open tunnel, and ends it on request", async () => {
  await using admin = await startTestAdmin();
  await using echo = startEcho();
  const { registry } = admin;
  await using test = await startTestProxy({ host: watched(registry) });
  using conn = await openTunnel(test, echo.addr);
  await writeAll(conn, "hello");
  await readExactly(conn, 5);
  const { tunnels, total } = await admin.get("/api/tunnels");
  const [tunnel] = tunnels;
  assertEquals([total, tunnels.length], [1, 1]);
  // Less than all bytes in a second, if the machine is slow.
  for (const rate of [tunnel.sentRate, tunnel.receivedRate]) {
    assert(rate > 0 && rate <= 5, `${rate}`);
  }
  assertEquals(
    {
      ...tunnel,
      client: "",
      startedAt: "",
      ageMs: 0,
      sentRate: 0,
      receivedRate: 0,
    },
    {
      id: 1,
      kind: "proxy",
      listener: test.proxy.listeners[0]!.name,
      client: "",
      protocol: "socks5",
      target: `127.0.0.1:${echo.addr.port}`,
      address: `127.0.0.1:${echo.addr.port}`,
      state: "open",
      startedAt: "",
      ageMs: 0,
      sent: 5,
      received: 5,
      sentRate: 0,
      receivedRate: 0,
    },
  );
  const path = `/api/tunnels/${tunnel.id}`;
  assertEquals((await admin.ask("DELETE", path)).status, 403);
  const ended = await admin.ask("DELETE", path, { headers: CONFIRMED });
  assertEquals([ended.status, ended.text], [204, ""]);
  assertEquals((await within(5_000, readToEnd(conn))).length, 0);
  await within(5_000, test.whenEnded(1));
  const { closed } = await admin.get("/api/closed");
  assertEquals([closed[0].result, closed[0].reason], [
    "cut",
    "Ended by the operator",
  ]);
  const again = await admin.ask("DELETE", path, { headers: CONFIRMED });
  assertEquals(again.status, 404);
  assertEquals(JSON.parse(again.text), {
    error: { code: "not_found", message: "No tunnel 1" },
  });
});

Deno.test("startAdmin() reports the program, its listeners and refusals", async () => {
  await using admin = await startTestAdmin();
  admin.admin.start(fakeNodes());
  const { registry } = admin;
  await using test = await startTestProxy({ host: watched(registry) });
  const target = { hostname: "127.0.0.1", port: closedPort() };
  await openTunnel(test, target).catch(() => {});
  await within(5_000, test.whenEnded(1));
  const status = await admin.get("/api/status");
  assertEquals(status.listeners, [{
    name: test.proxy.listeners[0]!.name,
    kind: "proxy",
    isPublic: false,
    isDraining: false,
    open: 0,
  }]);
  assertEquals([status.host, status.node], [Deno.hostname(), "a"]);
  assertEquals([status.total, status.open, status.draining], [1, 0, false]);
  assert(status.memory.rss > status.memory.heap);
  const { refusals } = await admin.get("/api/refusals");
  assertEquals(refusals, [{ reason: "dial-refused", count: 1 }]);
});

Deno.test("startAdmin() reports pools and upstreams of a relay", async () => {
  await using admin = await startTestAdmin();
  await using echo = startEcho();
  const upstream = {
    endpoint: { host: "127.0.0.1", port: echo.addr.port },
    weight: 1,
    isBackup: false,
    isTls: false,
  };
  const relay = await startForward({
    routes: [{
      listen: { host: "127.0.0.1", port: 0 },
      upstreams: [upstream],
    }],
    host: watched(admin.registry),
  });
  try {
    const { port } = relay.listeners[0]!.addr;
    using conn = await Deno.connect({ hostname: "127.0.0.1", port });
    await writeAll(conn, "x");
    await readExactly(conn, 1);
    const { pools } = await admin.get("/api/pools");
    assertEquals(pools, [{
      upstream: `127.0.0.1:${echo.addr.port}`,
      listener: relay.listeners[0]!.name,
      isUp: true,
      idle: 0,
      waiting: 0,
      hits: 0,
      misses: 1,
      opened: 1,
      evicted: {
        ended: 0,
        spoke: 0,
        idle: 0,
        aged: 0,
        full: 0,
        restart: 0,
        closed: 0,
      },
      connections: 1,
    }]);
  } finally {
    await relay.shutdown(0);
  }
});

Deno.test("startAdmin() lists bans and lifts them, of clients and of names", async () => {
  const events: LogEvent[] = [];
  await using admin = await startTestAdmin({
    log: (event) => events.push(event),
  });
  const bans = new Bans({ after: 3 });
  admin.registry.showBans(bans);
  for (let n = 0; n < 3; n++) bans.fail("2001:db8::1", `user ${n}`);
  for (let n = 0; n < 3; n++) bans.fail(`192.0.2.${n}`, "a/b <x>");
  const list = async () =>
    (await admin.get("/api/bans")).bans.map((
      { kind, key }: { kind: string; key: string },
    ) => `${kind} ${key}`);
  assertEquals((await list()).toSorted(), [
    "client 2001:db8::/64",
    "user a/b <x>",
  ]);
  const lift = (path: string) =>
    admin.ask("DELETE", `/api/bans/${path}`, { headers: CONFIRMED });
  assertEquals((await lift("2001%3Adb8%3A%3A%2F64")).status, 204);
  assertEquals((await lift("2001%3Adb8%3A%3A%2F64")).status, 404);
  assertEquals((await lift(encodeURIComponent("a/b <x>"))).status, 404);
  const name = `${encodeURIComponent("a/b <x>")}?kind=user`;
  assertEquals((await lift(name)).status, 204);
  assertEquals(await list(), []);
  assertEquals((await lift("%E0%A4")).status, 400);
  assertEquals((await lift("192.0.2.1?kind=users")).status, 400);
  assertEquals(events.length, 2);
});

Deno.test("startAdmin() is ready until a drain begins, and reports the drain", async () => {
  const state = new DrainState();
  await using admin = await startTestAdmin({ state });
  assertEquals((await admin.ask("GET", "/healthz")).text, "ok\n");
  assertEquals((await admin.ask("GET", "/readyz")).status, 200);
  const drain = () => admin.ask("POST", "/api/drain", { headers: CONFIRMED });
  const begun = await drain();
  assertEquals(begun.status, 202);
  const { until } = JSON.parse(begun.text);
  assert(Date.parse(until) > Date.now() + 30_000);
  const answer = await admin.ask("GET", "/readyz");
  assertEquals([answer.status, answer.text], [503, "draining\n"]);
  assertEquals((await admin.ask("GET", "/healthz")).status, 200);
  assertEquals((await admin.get("/api/status")).draining, { until, open: 0 });
  // A second request does not count as a second signal.
  assertEquals(JSON.parse((await drain()).text), { until, open: 0 });
});

Deno.test("startAdmin() is not ready before the server is", async () => {
  const admin = await startAdmin({
    listen: { host: "127.0.0.1", port: 0 },
    token: undefined,
    threads: threadsOf(new Registry()),
    state: new DrainState(),
    actions: {
      drain() {},
      reload: () => Promise.resolve({ reloaded: [] }),
      config: () => ({}),
    },
    log() {},
  });
  try {
    const response = await fetch(`http://${admin.name}/readyz`);
    assertEquals([response.status, await response.text()], [
      503,
      "starting\n",
    ]);
  } finally {
    await admin[Symbol.asyncDispose]();
  }
});

Deno.test("startAdmin() reports the result of a reload", async () => {
  const problems: string[] = [];
  await using admin = await startTestAdmin({
    actions: {
      drain() {},
      reload() {
        for (const problem of problems) {
          throw new AdminError("reload_failed", problem);
        }
        return Promise.resolve({ reloaded: ["users.txt"] });
      },
      config: () => ({ open: true }),
    },
  });
  const reload = () => admin.ask("POST", "/api/reload", { headers: CONFIRMED });
  assertEquals(JSON.parse((await reload()).text), { reloaded: ["users.txt"] });
  const message = "Cannot reload users.txt: line 3";
  problems.push(message);
  const { status, text } = await reload();
  assertEquals([status, JSON.parse(text)], [422, {
    error: { code: "reload_failed", message },
  }]);
  assertEquals(await admin.get("/api/config"), { open: true });
});

Deno.test("startAdmin() requires the token except for the page and the probes", async () => {
  await using admin = await startTestAdmin({ token: TOKEN });
  for (const path of ["/", "/healthz", "/readyz"]) {
    assertEquals((await admin.ask("GET", path)).status, 200, path);
  }
  const closed = [
    ["GET", "/api/status"],
    ["GET", "/api/events"],
    ["GET", "/metrics"],
    ["GET", "/api/nothing"],
    ["POST", "/api/status"],
    ["POST", "/api/drain"],
    ["DELETE", "/api/tunnels/1"],
  ] as const;
  for (const [method, path] of closed) {
    const wrong = { ...CONFIRMED, Authorization: `Bearer ${TOKEN}x` };
    for (const headers of [CONFIRMED, wrong]) {
      const { fields, status } = await admin.ask(method, path, { headers });
      assertEquals(status, 401, path);
      assertEquals(fields.get("www-authenticate"), 'Bearer realm="sluice"');
    }
  }
  for (const path of ["/api/status", "/metrics"]) {
    const { status } = await admin.ask("GET", path, { headers: BEARER });
    assertEquals(status, 200);
  }
  // Even with a token, a request from another site is refused.
  const foreign = { ...BEARER, ...CONFIRMED, Origin: "http://evil.example" };
  const asked = await admin.ask("POST", "/api/drain", { headers: foreign });
  assertEquals([asked.status, admin.state.isDraining], [403, false]);
});

Deno.test("startAdmin() takes an absolute target, whose host overrides Host", async () => {
  await using admin = await startTestAdmin();
  const own = `http://${admin.host}`;
  const stranger = { Host: "rebound.example" };
  const cases: [string, string, Record<string, string>, number][] = [
    ["GET", `${own}/api/tunnels?limit=0`, {}, 200],
    ["GET", `${own}/api/tunnels?limt=0`, {}, 400],
    ["GET", own, {}, 200],
    ["GET", `HTTP://${admin.host}/healthz`, stranger, 200],
    ["GET", "http://rebound.example/api/status", {}, 403],
    ["GET", `http://a:b@${admin.host}/api/status`, {}, 400],
    ["GET", `ftp://${admin.host}/api/status`, {}, 400],
    ["GET", "*", {}, 400],
    ["CONNECT", admin.host, {}, 400],
    ["POST", "http://rebound.example/api/drain", CONFIRMED, 403],
    ["POST", `${own}/api/drain`, { ...CONFIRMED, Origin: own }, 202],
  ];
  for (const [method, target, headers, expected] of cases) {
    const { status } = await admin.ask(method, target, { headers });
    assertEquals(status, expected, `${method} ${target}`);
  }
});

Deno.test("startAdmin() refuses other sites, and names that anyone could own", async () => {
  await using admin = await startTestAdmin();
  const cases: [Record<string, string>, number][] = [
    [{}, 403],
    [CONFIRMED, 202],
    [{ ...CONFIRMED, Origin: `http://${admin.host}` }, 202],
    [{ ...CONFIRMED, Origin: "http://evil.example" }, 403],
    [{ ...CONFIRMED, Origin: "null" }, 403],
    [{ ...CONFIRMED, "Sec-Fetch-Site": "cross-site" }, 403],
    [{ ...CONFIRMED, Host: "evil.example" }, 403],
  ];
  for (const [headers, expected] of cases) {
    const { status } = await admin.ask("POST", "/api/drain", { headers });
    assertEquals(status, expected, JSON.stringify(headers));
  }
  for (const path of ["/", "/api/status", "/metrics", "/healthz"]) {
    const headers = { Host: "rebound.example" };
    const { status, text } = await admin.ask("GET", path, { headers });
    assertEquals(status, 403, path);
    assertEquals(JSON.parse(text).error.code, "forbidden");
  }
  // Before a page may set such a header, the browser asks the server, which
  // refuses.
  const headers = {
    Origin: "http://evil.example",
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "x-sluice-request",
  };
  const { fields, status } = await admin.ask("OPTIONS", "/api/drain", {
    headers,
  });
  assertEquals(status, 403);
  assertEquals([...fields.keys()].filter((name) => /^access/.test(name)), []);
});

Deno.test("startAdmin() ends streams that the old token opened", async () => {
  await using admin = await startTestAdmin({ token: TOKEN });
  using conn = await admin.connect();
  await writeAll(
    conn,
    `GET /api/events HTTP/1.1\r\nHost: ${admin.host}\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`,
  );
  await conn.read(new Uint8Array(16));
  admin.admin.replaceToken(`${TOKEN}-2`);
  await within(5_000, readToEnd(conn));
  const ask = async (token: string) => {
    const headers = { Authorization: `Bearer ${token}` };
    return (await admin.ask("GET", "/api/status", { headers })).status;
  };
  assertEquals([await ask(TOKEN), await ask(`${TOKEN}-2`)], [401, 200]);
});

Deno.test("startAdmin() refuses a public address without a token", async () => {
  const listen = { host: "0.0.0.0", port: 0 };
  const error = await assertRejects(
    () => startTestAdmin({ listen }),
    UsageError,
  );
  assert(error.message.includes("0.0.0.0:0"));
  assert(error.message.includes("--admin-token-file"));
  await using _admin = await startTestAdmin({ listen, token: TOKEN });
});

Deno.test({
  name: "startAdmin() serves a Unix socket, and removes its file",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await makeFolder();
    const path = `${folder.path}/admin.sock`;
    {
      await using admin = await startTestAdmin({ listen: { path } });
      assertEquals(admin.host, `unix:${path}`);
      assertEquals((await admin.get("/api/status")).open, 0);
    }
    await assertRejects(() => Deno.stat(path), Deno.errors.NotFound);
  },
});

Deno.test("startAdmin() closes immediately, also while a client reads events", async () => {
  const admin = await startTestAdmin();
  using conn = await admin.connect();
  await writeAll(
    conn,
    `GET /api/events HTTP/1.1\r\nHost: ${admin.host}\r\n\r\n`,
  );
  await conn.read(new Uint8Array(100));
  await within(5_000, (async () => await admin[Symbol.asyncDispose]())());
  await within(5_000, readToEnd(conn));
});

Deno.test("startAdmin() has a point of history for each step", async () => {
  await using admin = await startTestAdmin({ historyStep: 20 });
  let times: number[] = [];
  while (times.length < 3) {
    const history = await admin.get("/api/history");
    assertEquals([history.stepMs, history.range], [20, "1h"]);
    assert(history.from >= history.startedAt);
    times = history.at;
    for (const values of Object.values<unknown[]>(history.series)) {
      assertEquals(values.length, times.length);
    }
  }
  assertEquals(times, times.toSorted((a, b) => a - b));
});

Deno.test("startAdmin() sends headers that hide its answers from other pages", async () => {
  await using admin = await startTestAdmin();
  for (const path of ["/", "/api/status", "/nothing", "/metrics"]) {
    const { fields } = await admin.ask("GET", path);
    assertEquals(fields.get("x-content-type-options"), "nosniff");
    assertEquals(fields.get("cross-origin-resource-policy"), "same-origin");
    assert(fields.get("content-security-policy")!.includes("'none'"), path);
    assertEquals(fields.has("access-control-allow-origin"), false);
  }
});

Deno.test("startAdmin() answers HEAD without a body", async () => {
  await using admin = await startTestAdmin();
  for (const path of ["/", "/api/status", "/metrics", "/api/events", "/no"]) {
    const { status, text } = await admin.ask("HEAD", path);
    assertEquals([status, text], [path === "/no" ? 404 : 200, ""]);
  }
});
