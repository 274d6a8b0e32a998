import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import type { LiveConnection } from "../../lib/serve/live_connection.ts";
import { Bans } from "../../lib/policy/users/bans.ts";
import { startTestAdmin, type TestAdmin, watched } from "../support/admin.ts";
import { type Figures, parseFigures } from "../support/figures.ts";
import { startHttp } from "../support/programs.ts";
import { openTunnel, startTestProxy } from "../support/proxy.ts";
import {
  closedPort,
  readExactly,
  readToEnd,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";
import { openAssociation, startUdp } from "../support/udp.ts";
import { askTunnel, USERS } from "../support/usage.ts";

async function scrape(admin: TestAdmin): Promise<Figures> {
  const { fields, status, text } = await admin.ask("GET", "/metrics");
  assertEquals([status, fields.get("content-type")], [
    200,
    "text/plain; version=0.0.4; charset=utf-8",
  ]);
  return parseFigures(text);
}

Deno.test("openFigures() counts the bytes of a tunnel while it is open, and the count never falls", async () => {
  await using admin = await startTestAdmin();
  await using echo = startEcho();
  const { registry } = admin;
  await using test = await startTestProxy({ host: watched(registry) });
  const listener = test.proxy.listeners[0]!.name;
  const of = (direction: string) =>
    `sluice_bytes_total{listener="${listener}",direction="${direction}"}`;
  const open = `sluice_open_connections{listener="${listener}"}`;
  const before = await scrape(admin);
  assertEquals([before.get(of("sent")), before.get(open)], [0, 0]);
  const conn = await openTunnel(test, echo.addr);
  let last = 0;
  for (let n = 1; n <= 5; n++) {
    await writeAll(conn, new Uint8Array(1_000));
    await readExactly(conn, 1_000);
    const figures = await scrape(admin);
    assertEquals(figures.get(of("sent")), n * 1_000);
    assertEquals(figures.get(of("received")), n * 1_000);
    assertEquals(figures.get(open), 1);
    last = n * 1_000;
  }
  conn.close();
  await within(5_000, test.whenEnded(1));
  const after = await scrape(admin);
  assertEquals([after.get(of("sent")), after.get(open)], [last, 0]);
  const ended =
    `sluice_connections_total{listener="${listener}",protocol="socks5",result="ok"}`;
  assertEquals(after.get(ended), 1);
});

Deno.test("openFigures() never reports smaller counts while connections come and go", async () => {
  await using admin = await startTestAdmin();
  await using echo = startEcho();
  const { registry } = admin;
  await using test = await startTestProxy({ host: watched(registry) });
  let isOver = false;
  const clients = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      using conn = await openTunnel(test, echo.addr);
      await writeAll(conn, new Uint8Array(5_000));
      await readExactly(conn, 5_000);
    }
  });
  let last = new Map<string, number>() as Figures;
  for (let n = 0; n < 20; n++) {
    const figures = await scrape(admin);
    for (const [name, value] of last) {
      if (!/_total|_count|_bucket|_sum/.test(name)) continue;
      assertGreaterOrEqual(figures.get(name)!, value, name);
    }
    last = figures;
  }
  isOver = true;
  await Promise.all(clients);
});

Deno.test("openFigures() counts refusals by reason, and exposes no text from clients", async () => {
  await using admin = await startTestAdmin();
  const { registry } = admin;
  const bans = new Bans({ after: 1 });
  admin.registry.showBans(bans);
  await using test = await startTestProxy({
    host: watched(registry),
    bans,
    users: USERS,
  });
  const target = { hostname: "127.0.0.1", port: closedPort() };
  (await askTunnel(test, "alice", target)).conn.close();
  const wrong = await test.connect();
  const name = "evil-name";
  const said = [name, "x"].flatMap((text) => [
    text.length,
    ...new TextEncoder().encode(text),
  ]);
  await writeAll(wrong, [5, 1, 2, 1, ...said]);
  await readToEnd(wrong);
  wrong.close();
  await within(5_000, test.whenEnded(2));
  const { text } = await admin.ask("GET", "/metrics");
  for (const word of ["alice", name, `:${target.port}"`]) {
    assert(!text.includes(word), word);
  }
  const figures = parseFigures(text);
  const listener = test.proxy.listeners[0]!.name;
  for (const reason of ["dial-refused", "unauthenticated"]) {
    const of =
      `sluice_refusals_total{listener="${listener}",reason="${reason}"}`;
    assertEquals(figures.get(of), 1, reason);
  }
  assertEquals(figures.get("sluice_bans"), 1);
});

Deno.test("openFigures() measures handshakes, logins and dials that succeeded", async () => {
  await using admin = await startTestAdmin();
  await using echo = startEcho();
  await using server = startHttp(() => new Response("x"));
  const { registry } = admin;
  await using test = await startTestProxy({
    host: watched(registry),
    users: USERS,
  });
  const nowhere = { hostname: "127.0.0.1", port: closedPort() };
  (await askTunnel(test, "alice", echo.addr)).conn.close();
  (await askTunnel(test, "alice", nowhere)).conn.close();
  // Two requests over one connection, which is dialled once.
  const conn = await test.connect();
  const at = `127.0.0.1:${server.addr.port}`;
  for (let n = 0; n < 2; n++) {
    const login = `Proxy-Authorization: Basic ${btoa("bob:bob")}\r\n`;
    await writeAll(
      conn,
      `GET http://${at}/ HTTP/1.1\r\nHost: ${at}\r\n${login}\r\n`,
    );
    await within(5_000, test.whenEnded(3 + n));
  }
  conn.close();
  const figures = await scrape(admin);
  const count = (name: string) =>
    figures.get(`sluice_${name}_duration_seconds_count`);
  assertEquals(count("handshake"), 3);
  assertEquals(count("auth"), 4);
  assertEquals(count("dial"), 2);
  const sum = figures.get("sluice_dial_duration_seconds_sum")!;
  assert(sum > 0 && sum < 5, String(sum));
});

Deno.test("openFigures() counts the datagrams of associations, open and closed", async () => {
  await using admin = await startTestAdmin();
  await using echo = startUdp();
  const { registry } = admin;
  await using test = await startTestProxy({ host: watched(registry) });
  const count = (figures: Figures) =>
    ["sent", "received", "dropped"].map((direction) =>
      figures.get(`sluice_udp_datagrams_total{direction="${direction}"}`)
    );
  {
    using association = await openAssociation(test);
    await association.send(Uint8Array.of(1, 2, 3), echo.addr);
    await within(5_000, association.receive());
    const figures = await scrape(admin);
    assertEquals(count(figures), [1, 1, 0]);
    assertEquals(figures.get("sluice_udp_open_associations"), 1);
    const [[, live]] = [...registry.open] as [[unknown, LiveConnection]];
    assertEquals([live.state, live.carried], ["open", {
      sent: 3,
      received: 3,
    }]);
  }
  await within(5_000, test.whenEnded(1));
  const figures = await scrape(admin);
  assertEquals(count(figures), [1, 1, 0]);
  assertEquals(figures.get("sluice_udp_open_associations"), 0);
});

Deno.test("openFigures() reports roughly the open descriptors", async () => {
  await using admin = await startTestAdmin();
  await using echo = startEcho();
  const { registry } = admin;
  await using test = await startTestProxy({ host: watched(registry) });
  admin.admin.start();
  const before = await scrape(admin);
  if (Deno.build.os !== "linux") {
    assertEquals(before.get("process_open_fds"), undefined);
    return;
  }
  const conns = await Promise.all(
    Array.from({ length: 20 }, () => openTunnel(test, echo.addr)),
  );
  const after = await scrape(admin);
  const more = after.get("process_open_fds")! - before.get("process_open_fds")!;
  assertEquals(more, 40);
  assert(after.get("process_max_fds")! > after.get("process_open_fds")!);
  for (const conn of conns) conn.close();
});
