// deno-lint-ignore-file no-explicit-any
import { assert, assertEquals } from "@std/assert";
import { OPEN_API } from "../../lib/admin/openapi.ts";
import { ADMIN_ROUTES } from "../../lib/admin/routes.ts";
import { API_SCHEMAS } from "../../lib/admin/schemas.ts";
import { startForward } from "../support/forward.ts";
import { Bans } from "../../lib/policy/users/bans.ts";
import {
  CONFIRMED,
  readEvents,
  startTestAdmin,
  watched,
} from "../support/admin.ts";
import { openTunnel, startTestProxy } from "../support/proxy.ts";
import { faultsOf } from "../support/schema.ts";
import { closedPort, startEcho, within, writeAll } from "../support/sockets.ts";
import { fakeNodes } from "../support/fake_fleet.ts";

const PATHS = OPEN_API["paths"] as Record<string, Record<string, any>>;
const SCHEMAS = API_SCHEMAS as Record<string, any>;

Deno.test("OPEN_API describes every route, and no other", () => {
  const described = Object.entries(PATHS).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)
  );
  const served = ADMIN_ROUTES.map(({ method, path }) => `${method} ${path}`);
  assertEquals(described.toSorted(), served.toSorted());
  for (const { isOpen, method, path } of ADMIN_ROUTES) {
    const { security } = PATHS[path]![method.toLowerCase()];
    assertEquals(security === undefined, isOpen === true, path);
  }
});

Deno.test("OPEN_API has all parameters of its paths, and all referenced schemas", () => {
  for (const [path, methods] of Object.entries(PATHS)) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    for (const [method, { parameters }] of Object.entries(methods)) {
      const inPath = parameters.filter((one: any) => one.in === "path");
      assertEquals(inPath.map((one: any) => one.name), names, path);
      const isSafe = method === "get";
      assertEquals(
        parameters.some((one: any) => one.name === "X-Sluice-Request"),
        !isSafe,
        `${method} ${path}`,
      );
    }
  }
  const refs = JSON.stringify(OPEN_API).matchAll(/schemas\/(\w+)"/g);
  for (const [, name] of refs) assert(Object.hasOwn(SCHEMAS, name!), name);
});

Deno.test("OPEN_API has the parameter node where another node can be asked", () => {
  const isRelayed = (call: string) => {
    const [method, path] = call.split(" ") as [string, string];
    const { parameters } = PATHS[path]![method.toLowerCase()];
    return parameters.some(({ name }: { name: string }) => name === "node");
  };
  for (const call of ["GET /api/tunnels", "POST /api/drain"]) {
    assert(isRelayed(call), call);
  }
  for (const call of ["GET /metrics", "GET /api/fleet", "GET /api/events"]) {
    assert(!isRelayed(call), call);
  }
});

Deno.test("OPEN_API describes the answers", async () => {
  await using admin = await startTestAdmin({ historyStep: 10, eventStep: 10 });
  await using echo = startEcho();
  const { registry } = admin;
  admin.admin.start(fakeNodes());
  await using test = await startTestProxy({ host: watched(registry) });
  const bans = new Bans({ after: 1 });
  bans.fail("192.0.2.1", "alice");
  const endpoint = { host: "127.0.0.1", port: echo.addr.port };
  const relay = await startForward({
    routes: [{
      listen: { host: "127.0.0.1", port: 0 },
      upstreams: [{ endpoint, weight: 1, isBackup: false, isTls: false }],
    }],
    host: watched(registry),
  });
  registry.showBans(bans);
  try {
    using _open = await openTunnel(test, echo.addr);
    const nowhere = { hostname: "127.0.0.1", port: closedPort() };
    await openTunnel(test, nowhere).catch(() => {});
    await within(5_000, test.whenEnded(1));
    const checked = new Set<string>();
    for (const [path, { get }] of Object.entries(PATHS)) {
      const content = get?.responses[200].content?.["application/json"];
      if (content === undefined) continue;
      const value = await admin.get(path);
      assertEquals(faultsOf(value, content.schema, SCHEMAS), [], path);
      for (const list of Object.values(value)) {
        if (Array.isArray(list) && list.length > 0) checked.add(path);
      }
    }
    // An empty list would tell nothing.
    for (
      const name of ["fleet", "tunnels", "closed", "refusals", "pools", "bans"]
    ) {
      assert(checked.has(`/api/${name}`), name);
    }
    const missing = await admin.ask("GET", "/api/nothing");
    assertEquals(
      faultsOf(JSON.parse(missing.text), SCHEMAS["Error"], SCHEMAS),
      [],
    );
    await checkEvents(admin, async () => {
      using _another = await openTunnel(test, echo.addr);
    });
    const drain = await admin.ask("POST", "/api/drain", { headers: CONFIRMED });
    assertEquals(
      faultsOf(JSON.parse(drain.text), SCHEMAS["Drain"], SCHEMAS),
      [],
    );
    const status = await admin.get("/api/status");
    assertEquals(faultsOf(status, SCHEMAS["Status"], SCHEMAS), []);
  } finally {
    await relay.shutdown(0);
  }
});

async function checkEvents(
  admin: Awaited<ReturnType<typeof startTestAdmin>>,
  act: () => Promise<void>,
): Promise<void> {
  const names: Record<string, string> = {
    snapshot: "Snapshot",
    tick: "Tick",
    history: "HistoryPoint",
  };
  using conn = await admin.connect();
  const request = `GET /api/events HTTP/1.1\r\nHost: ${admin.host}\r\n\r\n`;
  await writeAll(conn, request);
  const seen = new Set<string>();
  for await (const { data, name } of readEvents(conn)) {
    if (name === "snapshot") await act();
    assertEquals(faultsOf(data, SCHEMAS[names[name]!], SCHEMAS), [], name);
    seen.add(name);
    if (data.closed?.length > 0) seen.add("closed");
    if (seen.size === 4) return;
  }
}

Deno.test("faultsOf() finds faults", () => {
  const tunnels = (value: unknown) =>
    faultsOf(value, SCHEMAS["Tunnels"], SCHEMAS).length;
  const none = { tunnels: [], total: 0, matching: 0, silentWorkers: 0 };
  assertEquals(tunnels(none), 0);
  assertEquals(tunnels({ ...none, total: -1 }), 1);
  assertEquals(tunnels({ tunnels: [{}], total: 0 }) > 5, true);
  assertEquals(tunnels({ ...none, more: 1 }), 1);
  assertEquals(tunnels({ tunnels: {} }), 4);
});
