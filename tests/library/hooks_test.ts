import { assert, assertEquals, assertRejects } from "@std/assert";
import { toText } from "@std/streams";
import { type ConnectionEvent, startEcho, startProxy } from "../../lib/mod.ts";
import { httpConnect, socksConnect } from "../../lib/library/socks.ts";

const LOOPBACK = { listen: "127.0.0.1:0" };

/** Asks a proxy for pages over one connection, and gives the status of each. */
async function statusesOf(addr: { port: number }, urls: readonly string[]) {
  using conn = await Deno.connect({ port: addr.port });
  const requests = urls.map((url, index) => {
    const last = index === urls.length - 1 ? "Connection: close\r\n" : "";
    return `GET ${url} HTTP/1.1\r\nHost: ${new URL(url).host}\r\n${last}\r\n`;
  });
  await conn.write(new TextEncoder().encode(requests.join("")));
  const text = await toText(conn.readable);
  return [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, code]) => code);
}

Deno.test("authorize() is asked for each HTTP request of a connection", async () => {
  await using origin = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("page"),
  );
  const commands: string[] = [];
  await using proxy = await startProxy({
    ...LOOPBACK,
    authorize({ command }) {
      commands.push(command);
      return commands.length < 2 || "Only one page a connection";
    },
  });
  const url = `http://127.0.0.1:${origin.addr.port}/`;
  assertEquals(await statusesOf(proxy, [url, url]), ["200", "403"]);
  assertEquals(commands, ["http", "http"]);
});

Deno.test("authorize() refuses with its reason in the record", async () => {
  const { promise, resolve } = Promise.withResolvers<ConnectionEvent>();
  await using proxy = await startProxy({
    ...LOOPBACK,
    authorize: () => "Not on a Sunday",
    onEnd: resolve,
  });
  const url = `socks5h://${proxy.addr}`;
  await assertRejects(
    () => socksConnect(url, "x.example:80"),
    Error,
    "REP is 2",
  );
  const { reason, result, rule, target } = await promise;
  assertEquals({ reason, result, rule, target }, {
    reason: "Not on a Sunday",
    result: "refused",
    rule: "authorize",
    target: "x.example:80",
  });
});

Deno.test("authorize() that throws, or returns nothing, refuses", async () => {
  const answers: (() => unknown)[] = [
    () => {
      throw new Error("no database");
    },
    () => Promise.reject(new Error("no database")),
    () => undefined,
    () => 1,
    () => "",
  ];
  await using echo = await startEcho(LOOPBACK);
  for (const authorize of answers) {
    await using proxy = await startProxy({
      ...LOOPBACK,
      authorize: authorize as () => boolean,
    });
    await assertRejects(
      () => httpConnect(`http://${proxy.addr}`, echo.addr),
      Error,
      "403",
    );
  }
});

Deno.test("authorize() that never answers is given up with the time to connect", async () => {
  await using proxy = await startProxy({
    ...LOOPBACK,
    connectTimeout: "50ms",
    authorize: () => new Promise<boolean>(() => {}),
  });
  const url = `http://${proxy.addr}`;
  await assertRejects(() => httpConnect(url, "x.example:80"), Error, "403");
});

Deno.test("authorize() stops waiting when the client is cut", async () => {
  const asked = Promise.withResolvers<AbortSignal>();
  const proxy = await startProxy({
    ...LOOPBACK,
    authorize({ signal }) {
      asked.resolve(signal);
      return new Promise<boolean>(() => {});
    },
  });
  const client = httpConnect(`http://${proxy.addr}`, "x.example:80");
  const signal = await asked.promise;
  await Promise.all([
    proxy.shutdown(0),
    assertRejects(() => client, Error, "it closed the connection before"),
  ]);
  assert(signal.aborted);
});

Deno.test("dial() that fails is told as what it failed with", async () => {
  const failures: [Error, string][] = [
    [new Deno.errors.ConnectionRefused("no"), "REP is 5"],
    [new Error("no"), "REP is 1"],
    [new TypeError("no"), "REP is 1"],
  ];
  for (const [error, reply] of failures) {
    await using proxy = await startProxy({
      ...LOOPBACK,
      dial: () => Promise.reject(error),
    });
    const url = `socks5h://${proxy.addr}`;
    await assertRejects(() => socksConnect(url, "x.example:80"), Error, reply);
  }
});

Deno.test("dial() that returns no connection is an error of the target", async () => {
  const { promise, resolve } = Promise.withResolvers<ConnectionEvent>();
  await using proxy = await startProxy({
    ...LOOPBACK,
    dial: () => ({}) as Deno.TcpConn,
    onEnd: resolve,
  });
  const url = `socks5h://${proxy.addr}`;
  await assertRejects(
    () => socksConnect(url, "x.example:80"),
    Error,
    "REP is 1",
  );
  const { reason } = await promise;
  assertEquals(
    reason,
    "Cannot reach x.example:80: Cannot use connection: expected a Deno.Conn or { readable, writable }",
  );
});

Deno.test("dial() closes what it is given too late", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const late = Promise.withResolvers<Deno.TcpConn>();
  await using proxy = await startProxy({
    ...LOOPBACK,
    connectTimeout: "50ms",
    dial: () => late.promise,
  });
  const url = `socks5h://${proxy.addr}`;
  await assertRejects(
    () => socksConnect(url, "x.example:80"),
    Error,
    "REP is 6",
  );
  late.resolve(await Deno.connect({ port: listener.addr.port }));
  using conn = await listener.accept();
  assertEquals(await conn.read(new Uint8Array(1)), null);
});

Deno.test("dial() gets the addresses that the rules allow", async () => {
  const asked: unknown[] = [];
  await using echo = await startEcho(LOOPBACK);
  await using proxy = await startProxy({
    ...LOOPBACK,
    rule: ["allow to 127.0.0.0/8", "default deny"],
    dial({ host, port, addresses }) {
      asked.push({ host, addresses });
      return Deno.connect({ hostname: addresses![0]!, port });
    },
  });
  const url = `socks5h://${proxy.addr}`;
  (await socksConnect(url, `localhost:${echo.port}`)).close();
  assertEquals(asked, [{ host: "localhost", addresses: ["127.0.0.1"] }]);
  const denied = () => socksConnect(url, `192.0.2.1:${echo.port}`);
  await assertRejects(denied, Error, "REP is 2");
  assertEquals(asked.length, 1);
});

Deno.test("a proxy with hooks does not relay UDP", async () => {
  await using proxy = await startProxy({ ...LOOPBACK, authorize: () => true });
  using conn = await Deno.connect({ port: proxy.port });
  const associate = [5, 1, 0, 5, 3, 0, 1, 0, 0, 0, 0, 0, 0];
  await conn.write(Uint8Array.from(associate));
  const answer = new Uint8Array(
    await new Response(conn.readable).arrayBuffer(),
  );
  assertEquals([...answer.subarray(0, 4)], [5, 0, 5, 2]);
});
