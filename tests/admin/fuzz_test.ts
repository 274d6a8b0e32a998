import { assert, assertEquals } from "@std/assert";
import { ADMIN_ROUTES } from "../../lib/admin/routes.ts";
import type { LogEvent } from "../../lib/observe/log_event.ts";
import { Context } from "../../lib/sync/context.ts";
import {
  parseAnswer,
  startTestAdmin,
  type TestAdmin,
} from "../support/admin.ts";
import {
  fuzzRandom,
  mutate,
  noise,
  pick,
  type Random,
} from "../support/fuzz.ts";
import { readToEnd, within, writeAll } from "../support/sockets.ts";

const REQUESTS = 500;

const METHODS = [
  ...["GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS", "TRACE"],
  ...["CONNECT", "get", "G\u0080T", "", "X".repeat(9_000)],
];

const PATHS = [
  ...ADMIN_ROUTES.map(({ path }) => path).filter((path) =>
    path !== "/api/events"
  ),
  ...["/", "//", "/..", "/api", "/api/", "/api/tunnels/", "/api/tunnels/1/2"],
  ...["/api/tunnels/0", "/api/tunnels/-1", "/api/tunnels/1e3", "*", "?", "#"],
  ...["/api/tunnels/99999999999999999999", "/api/bans/%", "/api/bans/%00"],
  ...["/api/bans/%2e%2e%2f", "/__proto__", "/constructor", "/page.js%00"],
  ...["http://evil.example/api/status", "/api/status?" + "a=b&".repeat(2_500)],
  ...["/api/status#x", "/API/STATUS", "/api/status/", "/api%2fstatus", ""],
];

const FIELDS = [
  ...["Host: localhost", "Host: evil.example", "Host:", "Host: [", ""],
  ...["X-Sluice-Request: 0", "Origin: null", "Origin: http://evil.example"],
  ...["Authorization: Bearer", "Authorization: Basic YTpi", "Cookie: a=b"],
  ...["Content-Length: 5", "Content-Length: 99999999", "Content-Length: -1"],
  ...[
    "Content-Length: x",
    "Transfer-Encoding: chunked",
    "Expect: 100-continue",
  ],
  ...["Upgrade: websocket", "Connection: upgrade", "Connection: keep-alive"],
  ...["Sec-Fetch-Site: cross-site", "Accept: text/html", "Range: bytes=0-"],
  ...[
    "no colon",
    " folded: line",
    "X: " + "y".repeat(40_000),
    "X: \u0000\u0007",
  ],
];

function oddRequest(random: Random): Uint8Array<ArrayBuffer> {
  const count = Math.floor(random() * 5);
  const fields = Array.from({ length: count }, () => pick(FIELDS, random));
  if (random() < 0.7) fields.unshift("Host: 127.0.0.1");
  const line = `${pick(METHODS, random)} ${pick(PATHS, random)} HTTP/1.1`;
  const text = [line, ...fields, "", "body"].join("\r\n");
  const bytes = new TextEncoder().encode(text);
  const chance = random();
  if (chance < 0.3) return mutate(bytes, random);
  return chance < 0.35 ? noise(random) : bytes;
}

async function send(
  admin: TestAdmin,
  bytes: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  using conn = await admin.connect();
  try {
    await writeAll(conn, bytes);
    await conn.closeWrite();
  } catch {
    // It refused before it had read everything.
  }
  return await within(10_000, readToEnd(conn));
}

Deno.test("startAdmin() answers malformed requests correctly, and changes nothing", async () => {
  const random = fuzzRandom(9);
  const said: LogEvent[] = [];
  let asked = 0;
  await using admin = await startTestAdmin({
    log: (event) => said.push(event),
    actions: {
      drain: () => asked++,
      reload: () => {
        asked++;
        return Promise.resolve({ reloaded: [] });
      },
      config: () => ({}),
    },
  });
  const { registry } = admin;
  const context = new Context();
  const live = registry.listen({ name: "a", kind: "proxy", isPublic: false })
    .enter({
      context,
      record: {
        event: "connection",
        code: "client-closed",
        startedAt: 0,
        duration: 0,
        listener: "a",
        client: "b",
        sent: 0,
        received: 0,
        result: "ok",
        reason: "",
      },
    });
  const statuses = new Map<number, number>();
  for (let n = 0; n < REQUESTS; n++) {
    const request = oddRequest(random);
    const bytes = await send(admin, request);
    if (bytes.length === 0) continue; // It has ended within the head.
    const { fields, status, text } = parseAnswer(bytes);
    const shown = new TextDecoder().decode(request.subarray(0, 300));
    assert(status >= 200 && status < 500, `${status}: ${shown}`);
    assertEquals(fields.get("connection"), "close", shown);
    if (status >= 400 && text !== "") {
      const { error } = JSON.parse(text);
      assertEquals(typeof error.code, "string", shown);
    }
    if (status === 405) assert(fields.has("allow"), shown);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  assertEquals([asked, context.cancelled, said], [0, false, []]);
  for (const status of [200, 400, 403, 404]) assert(statuses.has(status));
  live.leave(false);
  assertEquals((await admin.ask("GET", "/healthz")).status, 200);
});
