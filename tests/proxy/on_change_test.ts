import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Users } from "../../lib/policy/users/users.ts";
import { eventually, nameRequest } from "../support/dialogue.ts";
import {
  greet,
  openTunnel,
  readReply,
  type SomeProxyConfig,
  startTestProxy,
  type TestProxy,
} from "../support/proxy.ts";
import { answering, rulesOf } from "../support/rules.ts";
import {
  readExactly,
  readToEnd,
  startEcho,
  startServer,
  within,
  writeAll,
} from "../support/sockets.ts";
import { openAssociation } from "../support/udp.ts";
import { SOCKS5, startBind } from "../support/bind.ts";
import { askTunnel, tryPassword } from "../support/users.ts";
import { hello, serverNames } from "../support/client_hello.ts";

/** A proxy that judges again, and the rules that it goes by. */
async function startChanging(config: SomeProxyConfig = {}) {
  const rules = { current: rulesOf("allow any-protocol") };
  const proxy = await startTestProxy({
    onChange: "cut",
    rules,
    names: answering(["127.0.0.1"]).names,
    ...config,
  });
  return {
    proxy,
    rules,
    async change(lines: string): Promise<void> {
      rules.current = rulesOf(lines);
      await proxy.proxy.sessions!.review();
    },
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  };
}

async function echoes(conn: Deno.Conn, text: string): Promise<void> {
  await writeAll(conn, text);
  const back = await within(5_000, readExactly(conn, text.length));
  assertEquals(new TextDecoder().decode(back), text);
}

async function assertCut(
  proxy: TestProxy,
  conn: Deno.Conn,
  rule: string | undefined,
  reason: string,
): Promise<void> {
  await within(5_000, readToEnd(conn));
  await within(5_000, proxy.whenEnded(1));
  const record = proxy.ended.at(-1)!;
  assertEquals([record.result, record.rule], ["cut", rule]);
  assertStringIncludes(record.reason, reason);
}

Deno.test("a change of rules cuts the tunnels that it refuses, and no other", async () => {
  await using echo = startEcho();
  await using other = startEcho();
  await using changing = await startChanging();
  const { proxy } = changing;
  using cut = await openTunnel(proxy, echo.addr);
  using kept = await openTunnel(proxy, other.addr);
  await echoes(cut, "before");
  await changing.change(
    `gone: deny port ${echo.addr.port} message "Closed today"`,
  );
  await assertCut(
    proxy,
    cut,
    "gone",
    "revoked: Denied by rule gone: Closed today",
  );
  await echoes(kept, "after");
});

Deno.test("a change of rules judges a tunnel by the name and the address of its dial", async () => {
  await using echo = startEcho();
  for (
    const [rules, isCut] of [
      ["x: deny name b.test", false],
      ["x: deny to 127.0.0.2", false],
      ["x: allow name b.test\ndefault deny", true],
      ["x: deny name a.test", true],
      ["x: deny to loopback", true],
      ["report default deny", false],
    ] as const
  ) {
    await using changing = await startChanging();
    const { proxy } = changing;
    using conn = await proxy.connect();
    await greet(conn);
    await writeAll(conn, nameRequest("a.test", echo.addr.port));
    assertEquals((await readReply(conn)).reply, 0);
    await changing.change(rules);
    if (isCut) await within(5_000, readToEnd(conn));
    else await echoes(conn, "still here");
    assertEquals(proxy.proxy.connections === 0 || !isCut, true, rules);
  }
});

Deno.test("a change of rules judges what a tunnel by address has shown", async () => {
  await using target = startEcho();
  for (
    const [lines, isCut] of [["deny name a.test", true], [
      "allow",
      false,
    ]] as const
  ) {
    await using changing = await startChanging({ checkNames: "require" });
    const conn = await openTunnel(changing.proxy, target.addr);
    const bytes = hello({ extensions: [serverNames("a.test")] });
    await writeAll(conn, bytes);
    await within(5_000, readExactly(conn, bytes.length));
    await changing.change(lines);
    if (isCut) await within(5_000, readToEnd(conn));
    else await echoes(conn, "still here");
    conn.close();
  }
});

Deno.test("a change of rules cuts what only 'any-protocol' let through", async () => {
  await using target = startEcho();
  await using changing = await startChanging({ checkNames: "require" });
  using conn = await openTunnel(changing.proxy, target.addr);
  await echoes(conn, "\x01\x02");
  await changing.change("allow");
  await assertCut(
    changing.proxy,
    conn,
    "--rule 1",
    "no rule allows any protocol there now",
  );
});

Deno.test("a change of rules cuts a download, and leaves a client between requests alone", async () => {
  await using target = startServer(async (conn) => {
    const bytes = new Uint8Array(1024);
    const count = await conn.read(bytes);
    const text = new TextDecoder().decode(bytes.subarray(0, count ?? 0));
    const isLong = text.startsWith("GET /long");
    await writeAll(
      conn,
      `HTTP/1.1 200 OK\r\nContent-Length: ${isLong ? 1_000 : 2}\r\n\r\nok`,
    );
    await readToEnd(conn);
  });
  const { port } = target.addr;
  const request = (path: string) =>
    `GET http://127.0.0.1:${port}/${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
  await using changing = await startChanging();
  const { proxy } = changing;
  using idle = await proxy.connect();
  await writeAll(idle, request("short"));
  await within(5_000, proxy.whenEnded(1));
  using busy = await proxy.connect();
  await writeAll(busy, request("long"));
  await within(5_000, readExactly(busy, 12));
  const reading = readToEnd(busy);
  await changing.change(`x: deny port ${port}`);
  await within(5_000, reading);
  await within(5_000, proxy.whenEnded(2));
  const [, record] = proxy.ended;
  assertEquals([record!.result, record!.rule], ["cut", "x"]);
  await writeAll(idle, request("short"));
  const answer = new TextDecoder().decode(await within(5_000, readToEnd(idle)));
  assertStringIncludes(answer, "HTTP/1.1 403 Forbidden");
});

Deno.test("a change of rules cuts a UDP association and a BIND that it refuses", async () => {
  await using changing = await startChanging();
  const { proxy } = changing;
  using association = await openAssociation(proxy);
  using waiting = await startBind(proxy, SOCKS5);
  assert(association !== undefined && waiting !== undefined);
  await changing.change("deny command udp,bind");
  await within(5_000, proxy.whenEnded(1));
  assertEquals(proxy.ended[0]!.reason, "revoked: Denied by rule --rule 1");
});

/** Changes of the users, and whether Alice's tunnel is cut. */
const CHANGES: readonly (readonly [
  what: string,
  users: readonly [name: string, password: string][],
  reason: string | undefined,
])[] = [
  ["Alice is gone", [["bob", "b"]], "the user is gone"],
  ["nobody is left", [], "the user is gone"],
  ["Alice has another password", [["alice", "new"]], "another password"],
  ["Bob has come", [["alice", "secret"], ["bob", "b"]], undefined],
];

for (const [what, list, reason] of CHANGES) {
  Deno.test(`a change of users ${reason === undefined ? "leaves" : "cuts"} a tunnel when ${what}`, async () => {
    await using echo = startEcho();
    const users = await Users.create([{ name: "alice", password: "secret" }]);
    await using changing = await startChanging({ users });
    const { proxy } = changing;
    using conn = await proxy.connect();
    assertEquals(await tryPassword(conn, "alice", "secret"), 0);
    assertEquals(await askTunnel(conn, echo.addr), 0);
    users.replace(list.map(([name, password]) => ({ name, password })));
    await proxy.proxy.sessions!.review();
    if (reason === undefined) return await echoes(conn, "still here");
    await assertCut(proxy, conn, "--rule 1", reason);
  });
}

Deno.test("a change that comes while a tunnel is opened refuses it", async () => {
  await using echo = startEcho();
  const rules = { current: rulesOf("allow") };
  let change = () => {};
  await using proxy = await startTestProxy({
    onChange: "cut",
    rules,
    // Between the verdict and the connection.
    outgoing: Object.create({}, { ipv4: { get: () => change() } }),
  });
  change = () => {
    rules.current = rulesOf("late: deny");
  };
  const request = openTunnel(proxy, echo.addr).then(() => 0, () => 2);
  assertEquals(await within(5_000, request), 2);
  await within(5_000, proxy.whenEnded(1));
  assertEquals(proxy.ended[0]!.rule, "late");
});

Deno.test("--on-change keep leaves every tunnel", async () => {
  await using echo = startEcho();
  await using changing = await startChanging({ onChange: "keep" });
  using conn = await openTunnel(changing.proxy, echo.addr);
  assertEquals(changing.proxy.proxy.sessions, undefined);
  changing.rules.current = rulesOf("deny");
  await echoes(conn, "still here");
  assert(await eventually(() => changing.proxy.proxy.connections === 1));
});
