import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { NameSource } from "../../../lib/net/names/answer.ts";
import type { ConnectionEvent } from "../../../lib/observe/log_event.ts";
import type { NameChecking } from "../../../lib/proxy/options.ts";
import { parseIpAddress } from "../../../lib/wire/ip_address.ts";
import {
  type Bytes,
  eventually,
  join,
  nameRequest,
  toHex,
} from "../../support/dialogue.ts";
import {
  connectRequest,
  greet,
  readReply,
  type SomeProxyConfig,
  startTestProxy,
  type TestProxy,
} from "../../support/proxy.ts";
import { rulesOf } from "../../support/rules.ts";
import {
  readToEnd,
  startServer,
  type TestServer,
  within,
  writeAll,
} from "../../support/sockets.ts";
import { tryPassword } from "../../support/users.ts";
import { FIRST_FLIGHTS, type FirstFlightRow } from "./first_flights.ts";

const decoder = new TextDecoder("latin1");

/** What every name of the tests resolves to, and what does not exist. */
const SOURCE: NameSource = {
  lookup(name) {
    const text = name === "far.test" ? "127.0.0.9" : "127.0.0.1";
    const addresses = name === "gone.test" ? [] : [parseIpAddress(text)!];
    return Promise.resolve({
      addresses,
      exists: addresses.length > 0,
      life: 0,
    });
  },
};

function startChecking(
  checkNames: NameChecking,
  rules: string,
  config: SomeProxyConfig = {},
): Promise<TestProxy> {
  return startTestProxy({
    checkNames,
    rules: { current: rulesOf(rules) },
    names: { source: SOURCE, cacheSize: 0 },
    ...config,
  });
}

/** A target that keeps what it gets, and answers requests. */
interface Collector extends TestServer {
  /** What has arrived, of one connection after the other. */
  received: Bytes;
}

function startCollector(): Collector {
  const server = startServer(async (conn) => {
    const buffer = new Uint8Array(64 * 1024);
    while (true) {
      const count = await conn.read(buffer);
      if (count === null) break;
      const before = requestsIn(collector.received);
      collector.received = join(
        collector.received,
        buffer.subarray(0, count),
      );
      const text = decoder.decode(collector.received);
      const [, protocol] = /Upgrade: (\S+)\r/.exec(text) ?? [];
      const answer = protocol === undefined
        ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        : `HTTP/1.1 101 Yes\r\nConnection: upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;
      const fresh = requestsIn(collector.received) - before;
      for (let n = 0; n < fresh; n++) await writeAll(conn, answer);
    }
  });
  const collector: Collector = Object.assign(server, { received: join() });
  return collector;
}

function requestsIn(bytes: Bytes): number {
  return decoder.decode(bytes).split("\r\n\r\n").length - 1;
}

/** Sends a first flight in a tunnel, and reads to its end. */
async function send(
  proxy: TestProxy,
  port: number,
  { asked = "a.test", pieces }: FirstFlightRow,
): Promise<string> {
  using conn = await proxy.connect();
  conn.setNoDelay(true);
  await greet(conn);
  const isAddress = parseIpAddress(asked) !== undefined;
  await writeAll(
    conn,
    isAddress ? connectRequest(asked, port) : nameRequest(asked, port),
  );
  assertEquals((await readReply(conn)).reply, 0);
  const reading = readToEnd(conn);
  try {
    for (const piece of pieces) await writeAll(conn, piece);
    await conn.closeWrite();
  } catch {
    // It was refused meanwhile.
  }
  return decoder.decode(await within(10_000, reading));
}

/** What the log says of a row, once the connection is over. */
async function eventsOf(
  proxy: TestProxy,
  before: number,
): Promise<ConnectionEvent[]> {
  await within(10_000, proxy.whenEnded(before + 1));
  assert(await eventually(() => proxy.proxy.connections === 0));
  return proxy.ended.slice(before);
}

function assertArrived(
  { arrives, pieces, denied }: FirstFlightRow,
  received: Bytes,
  mode: NameChecking,
): void {
  if (mode !== "require" || denied === undefined && arrives === undefined) {
    return assertEquals(toHex(received), toHex(join(...pieces)));
  }
  const text = decoder.decode(received);
  if (arrives === undefined) return assertEquals(text, "");
  for (const part of arrives) assertStringIncludes(text, part);
  // What is denied later has not arrived.
  if (denied !== undefined) assert(!/b\.test|PRI/.test(text), text);
}

Deno.test("the table of first flights has 80 rows and more, each another", () => {
  const names = FIRST_FLIGHTS.map(({ what }) => what);
  assertEquals(new Set(names).size, names.length);
  assert(names.length >= 80, `${names.length}`);
});

for (const mode of ["off", "report", "require"] as const) {
  Deno.test(`--check-names ${mode} does with first flights what the table says`, async () => {
    await using target = startCollector();
    await using proxy = await startChecking(mode, "x: deny name denied.test");
    for (const row of FIRST_FLIGHTS) {
      target.received = join();
      const before = proxy.ended.length;
      const said = await send(proxy, target.addr.port, row);
      const events = await eventsOf(proxy, before);
      const about = `${mode}: ${row.what}: ${JSON.stringify(events)}`;
      try {
        assertArrived(row, target.received, mode);
        const last = events.at(-1)!;
        const { denied, reported = denied } = row;
        if (mode === "require" && denied !== undefined) {
          assertStringIncludes(last.reason, denied);
          assert(last.result !== "ok");
          if (row.told !== undefined) assertStringIncludes(said, row.told);
        } else {
          assertEquals(last.result, "ok");
        }
        const told = events.map(({ wouldDeny }) => wouldDeny?.reason).join();
        if (mode === "report" && typeof reported === "string") {
          assertStringIncludes(told, reported);
        } else assertEquals(told, events.map(() => "").join());
      } catch (error) {
        throw new Error(`${about}: ${(error as Error).message}`);
      }
    }
  });
}

Deno.test("--check-names require tells a client of TLS by an alert", async () => {
  await using target = startCollector();
  await using proxy = await startChecking("require", "allow");
  const row = FIRST_FLIGHTS.find(({ what }) =>
    what === "TLS with another name"
  )!;
  const said = await send(proxy, target.addr.port, row);
  // A fatal alert, unrecognized_name (RFC 6066 §3).
  assertEquals(
    toHex(Uint8Array.from(said, (c) => c.charCodeAt(0))),
    "15030300020270",
  );
  const [record] = await within(5_000, proxy.whenEnded(1));
  assertEquals(
    [record!.result, record!.name, record!.sent, record!.target],
    ["refused", "b.test", 0, `a.test:${target.addr.port}`],
  );
});

/** Servers that speak first, and what becomes of their clients. */
for (
  const [mode, rules, isServed] of [
    ["off", "allow", true],
    ["report", "allow", true],
    ["require", "allow", false],
    ["require", "allow any-protocol", true],
  ] as const
) {
  Deno.test(`--check-names ${mode} with '${rules}' ${isServed ? "lets" : "does not let"} a server speak first`, async () => {
    await using target = startServer(async (conn) => {
      await writeAll(conn, "220 ready\r\n");
      await readToEnd(conn);
    });
    await using proxy = await startChecking(mode, rules);
    const said = await send(proxy, target.addr.port, { what: "", pieces: [] });
    assertEquals(said, isServed ? "220 ready\r\n" : "");
    const [record] = await within(5_000, proxy.whenEnded(1));
    const why = mode === "report" ? record!.wouldDeny!.reason : record!.reason;
    const isTold = why.startsWith("name-mismatch: the target speaks first");
    assertEquals(isTold, mode === "report" || !isServed, why);
  });
}

/** With 'any-protocol', by the row: whether it is served. */
for (
  const [what, isServed] of [
    ["SSH", true],
    ["QUIC", true],
    ["HTTP/2 with prior knowledge", true],
    ["bytes that mean nothing", true],
    ["TLS without a name", true],
    ["TLS with an IPv4 literal for a name", true],
    ["TLS with the name", true],
    ["TLS with another name", false],
    ["TLS with two names", false],
    ["HTTP with another host", false],
  ] as const
) {
  Deno.test(`a rule with 'any-protocol' ${isServed ? "lets" : "does not let"} ${what} through`, async () => {
    await using target = startCollector();
    await using proxy = await startChecking("require", "allow any-protocol");
    const row = FIRST_FLIGHTS.find((row) => row.what === what)!;
    await send(proxy, target.addr.port, row);
    await within(5_000, proxy.whenEnded(1));
    const expected = isServed ? toHex(join(...row.pieces)) : "";
    assertEquals(toHex(target.received), expected);
  });
}

Deno.test("--check-names gives a client the handshake's time for the rest of its first bytes", async () => {
  await using target = startCollector();
  await using proxy = await startChecking("require", "allow", {
    timeouts: { handshake: 300 },
  });
  using conn = await proxy.connect();
  await greet(conn);
  await writeAll(conn, nameRequest("a.test", target.addr.port));
  assertEquals((await readReply(conn)).reply, 0);
  await writeAll(conn, [22, 3, 1]);
  assertEquals(decoder.decode(await within(5_000, readToEnd(conn))), "");
  const [record] = await within(5_000, proxy.whenEnded(1));
  assertStringIncludes(record!.reason, "break off");
  assertEquals(toHex(target.received), "");
});

Deno.test("--check-names ends a tunnel in which nobody speaks with the idle timeout", async () => {
  await using target = startCollector();
  await using proxy = await startChecking("require", "allow", {
    timeouts: { idle: 300 },
  });
  using conn = await proxy.connect();
  await greet(conn);
  await writeAll(conn, nameRequest("a.test", target.addr.port));
  assertEquals((await readReply(conn)).reply, 0);
  await within(5_000, readToEnd(conn));
  const [record] = await within(5_000, proxy.whenEnded(1));
  assertEquals(record!.result, "cut");
  assertStringIncludes(record!.reason, "Idle time");
});

Deno.test("--check-names require connects again for a request behind a closed connection", async () => {
  await using target = startServer(async (conn) => {
    const buffer = new Uint8Array(1024);
    await conn.read(buffer);
    await writeAll(
      conn,
      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
    );
  });
  await using proxy = await startChecking("require", "allow");
  const request = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
  const said = await send(proxy, target.addr.port, {
    what: "",
    pieces: [new TextEncoder().encode(request + request) as Bytes],
  });
  assertEquals(said.split("HTTP/1.1 200").length - 1, 2);
  assertEquals(target.accepted, 2);
});

Deno.test("--check-names require judges each request in a tunnel of CONNECT too", async () => {
  await using target = startCollector();
  const { port } = target.addr;
  await using proxy = await startChecking("require", "allow");
  using conn = await proxy.connect();
  const reading = readToEnd(conn);
  await writeAll(
    conn,
    `CONNECT a.test:${port} HTTP/1.1\r\nHost: a.test\r\n\r\n` +
      "GET /1 HTTP/1.1\r\nHost: a.test\r\n\r\n" +
      "GET /2 HTTP/1.1\r\nHost: b.test\r\n\r\n",
  );
  const said = decoder.decode(await within(5_000, reading));
  assertEquals(
    said.match(/HTTP\/1\.1 \d+/g),
    ["HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 403"],
  );
  await within(5_000, proxy.whenEnded(2));
  assertEquals(
    proxy.ended.map(({ name, target, protocol }) => [name, target, protocol]),
    ["a.test", "b.test"].map((
      name,
    ) => [name, `a.test:${port}`, "http-connect"]),
  );
  assertStringIncludes(decoder.decode(target.received), "GET /1");
  assert(!decoder.decode(target.received).includes("/2"));
});

Deno.test("a user stays the same over the requests in a tunnel", async () => {
  await using target = startCollector();
  await using proxy = await startChecking(
    "require",
    "allow user alice\ndefault deny",
    {
      users: [{ name: "alice", password: "secret" }],
    },
  );
  using conn = await proxy.connect();
  assertEquals(await tryPassword(conn, "alice", "secret"), 0);
  await writeAll(conn, nameRequest("a.test", target.addr.port));
  assertEquals((await readReply(conn)).reply, 0);
  const request = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
  const reading = readToEnd(conn);
  await writeAll(conn, request + request);
  await conn.closeWrite();
  await within(5_000, reading);
  await within(5_000, proxy.whenEnded(2));
  assertEquals(proxy.ended.map(({ user }) => user), ["alice", "alice"]);
});
