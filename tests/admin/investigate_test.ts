import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Admin } from "../../lib/admin/server.ts";
import { CONFIRMED, startTestAdmin, watched } from "../support/admin.ts";
import { openTunnel, startTestProxy } from "../support/proxy.ts";
import {
  closedPort,
  readExactly,
  readToEnd,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";

Deno.test("the API reports top talkers and failures, including open tunnels", async () => {
  await using admin = await startTestAdmin({ historyStep: 20 });
  await using echo = startEcho();
  await using test = await startTestProxy({ host: watched(admin.registry) });
  using conn = await openTunnel(test, echo.addr);
  await writeAll(conn, "hello");
  await readExactly(conn, 5);
  const port = closedPort();
  const nowhere = { hostname: "127.0.0.1", port };
  await openTunnel(test, nowhere).catch(() => {});
  await within(5_000, test.whenEnded(1));
  const target = `127.0.0.1:${echo.addr.port}`;
  let talkers;
  do talkers = await admin.get("/api/talkers?by=target&range=5m"); while (
    talkers.connections < 2
  );
  assertEquals([talkers.bytes, talkers.talkers], [10, [
    {
      key: target,
      ...{ bytes: 10, bytesError: 0, connections: 1, connectionsError: 0 },
    },
    {
      key: `127.0.0.1:${port}`,
      ...{ bytes: 0, bytesError: 0, connections: 1, connectionsError: 0 },
    },
  ]]);
  const one = await admin.get("/api/talkers?by=client&limit=1");
  assertEquals(one.talkers.map(({ key }: { key: string }) => key), [
    "127.0.0.1",
  ]);
  const failures = await admin.get("/api/failures");
  const { dial, ended, reasons, results, share, targets } = failures;
  assertEquals([ended, results.failed, share], [1, 1, 1]);
  assertEquals(dial.count, 1);
  assertEquals(reasons, [{
    result: "failed",
    code: "dial-refused",
    text: "The target refused the connection",
    count: 1,
    error: 0,
  }]);
  assertEquals(targets, [
    { target: `127.0.0.1:${port}`, count: 1, error: 0 },
  ]);
  const { closed } = await admin.get(
    "/api/closed?filter=code:dial-refused%20result:failed",
  );
  assertEquals(closed.length, 1);
});

Deno.test("the API ends tunnels that match a filter, unless more match than expected", async () => {
  await using admin = await startTestAdmin();
  await using echo = startEcho();
  await using test = await startTestProxy({ host: watched(admin.registry) });
  using one = await openTunnel(test, echo.addr);
  using other = await openTunnel(test, echo.addr);
  const end = async (query: string) => {
    const { status, text } = await admin.ask(
      "DELETE",
      `/api/tunnels?${query}`,
      {
        headers: CONFIRMED,
      },
    );
    return [status, JSON.parse(text).error?.code ?? JSON.parse(text)];
  };
  const filter = `filter=target=127.0.0.1:${echo.addr.port}`;
  const { matching, tunnels } = await admin.get(
    `/api/tunnels?limit=0&${filter}`,
  );
  assertEquals([matching, tunnels], [2, []]);
  assertEquals(await end(`${filter}&expect=1`), [409, "conflict"]);
  assertEquals(await end("filter=%20&expect=9"), [400, "bad_request"]);
  assertEquals(await end(filter), [400, "bad_request"]);
  assertEquals(await end(`${filter}&expect=2`), [200, { ended: 2 }]);
  for (const conn of [one, other]) {
    assertEquals((await within(5_000, readToEnd(conn))).length, 0);
  }
  assertEquals(await end(`${filter}&expect=2`), [200, { ended: 0 }]);
});

Deno.test("the API bans a client from every listener and ends its tunnels", async () => {
  const codes: string[] = [];
  await using admin = await startTestAdmin({
    log: (event) => "code" in event && codes.push(event.code),
  });
  await using echo = startEcho();
  await using test = await startTestProxy({ host: watched(admin.registry) });
  using conn = await openTunnel(test, echo.addr);
  const ban = (query: string) =>
    admin.ask("POST", `/api/bans?${query}`, { headers: CONFIRMED });
  for (
    const query of [
      ...["", "client=127.0.0.1:1", "client=unix", "client=127.0.0.1&for=x"],
      ...["client=127.0.0.1&for=10ms", "client=127.0.0.1&for=400d"],
    ]
  ) assertEquals((await ban(query)).status, 400, query);
  const { text } = await ban("client=127.0.0.1&for=10m");
  const { ban: made, ended } = JSON.parse(text);
  assertEquals([made.key, made.failures, ended], ["127.0.0.1", 0, 1]);
  assert(Date.parse(made.until) > Date.now() + 590_000);
  assertEquals((await within(5_000, readToEnd(conn))).length, 0);
  const refusal = await openTunnel(test, echo.addr).then(
    () => undefined,
    (error) => error,
  );
  assert(refusal !== undefined);
  await within(5_000, test.whenEnded(2));
  assertEquals(test.ended.at(-1)!.code, "banned");
  const lifted = await admin.ask("DELETE", "/api/bans/127.0.0.1", {
    headers: CONFIRMED,
  });
  assertEquals(lifted.status, 204);
  (await openTunnel(test, echo.addr)).close();
  assertEquals(codes, ["admin-client-banned", "admin-ban-lifted"]);
});

Deno.test("the API names the wrong parameter and the right values", async () => {
  await using admin = await startTestAdmin();
  const cases = [
    ["history?range=2h", "range is one of 5m, 1h, 24h"],
    [
      "history?rnage=1h",
      'No parameter is named "rnage"; use range',
    ],
    ["talkers?by=port", "by is one of user, client, target, rule"],
    ["talkers?limit=0", "limit is a whole number from 1 to 1000"],
    ["talkers?order=size", "order is one of bytes, connections"],
    ["groups?by=", "by is one of user, client, target, rule"],
    ["tunnels?limit=20001", "limit is a whole number from 0 to 20000"],
    ["tunnels?offset=-1", "offset is a whole number from 0 to 20000"],
    ["closed?before=x", "before must be `next` of an earlier answer"],
    ["export?format=xls", "format is one of csv, json"],
    [
      `closed?filter=${"a+".repeat(21)}`,
      "A filter has at most 20 words",
    ],
    [
      "export?filter=targte:x",
      'No field is named targte: did you mean target? To search for these characters, write "targte:x"',
    ],
  ] as const;
  for (const [path, message] of cases) {
    const { status, text } = await admin.ask("GET", `/api/${path}`);
    assertEquals([status, JSON.parse(text).error], [400, {
      code: "bad_request",
      message,
    }], path);
  }
});

Deno.test("the API guesses nothing about a change that is not told whole", async () => {
  await using admin = await startTestAdmin();
  const cases = [
    ["tunnels", "filter says which tunnels: user=alice"],
    ["tunnels?filter=&expect=0", /^The filter is empty/],
    [
      "tunnels?filter=user=a&filter=user=b&expect=0",
      'The parameter "filter" is given twice',
    ],
    [
      "tunnels/17?filter=user=a",
      'No parameter is named "filter"; there is none',
    ],
    [
      "bans/alice?knid=user",
      'No parameter is named "knid"; use kind',
    ],
  ] as const;
  for (const [path, expected] of cases) {
    const { status, text } = await admin.ask("DELETE", `/api/${path}`, {
      headers: CONFIRMED,
    });
    assertEquals(status, 400, path);
    assertMatch(JSON.parse(text).error.message, new RegExp(expected), path);
  }
});

Deno.test("the API sends an export in chunks, as a file", async () => {
  await using admin = await startTestAdmin();
  await using echo = startEcho();
  await using test = await startTestProxy({ host: watched(admin.registry) });
  for (let n = 1; n <= 3; n++) {
    (await openTunnel(test, echo.addr)).close();
    await within(5_000, test.whenEnded(n));
  }
  const response = await fetch(`http://${admin.host}/api/export`);
  const field = (name: string) => response.headers.get(name);
  assertEquals(field("content-type"), "text/csv; charset=utf-8");
  assertMatch(
    field("content-disposition")!,
    /^attachment; filename="sluice-closed-[\dTZ-]+\.csv"$/,
  );
  const lines = (await response.text()).trimEnd().split("\r\n");
  assertEquals(lines.length, 4);
  const json = await fetch(
    `http://${admin.host}/api/export?format=json&filter=result:ok`,
  );
  assertEquals((await json.json()).length, 3);
  // HTTP/1.0 has no chunks (RFC 9112 §6.1).
  const old = await askOld(admin.admin);
  assert(!old.includes("chunked"));
  assert(old.trimEnd().endsWith(lines[3]!), old);
  const head = await admin.ask("HEAD", "/api/export");
  assertEquals([head.status, head.text], [200, ""]);
});

async function askOld({ name }: Admin): Promise<string> {
  const [hostname, port] = name.split(":");
  using conn = await Deno.connect({ hostname: hostname!, port: Number(port) });
  const request = `GET /api/export HTTP/1.0\r\nHost: ${name}\r\n\r\n`;
  await writeAll(conn, request);
  return new TextDecoder().decode(await within(5_000, readToEnd(conn)));
}
