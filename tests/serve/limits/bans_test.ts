import { assert, assertEquals, assertMatch } from "@std/assert";
import type { LogEvent } from "../../../lib/observe/log_event.ts";
import { Bans } from "../../../lib/policy/users/bans.ts";
import { checkPassword } from "../../../lib/policy/users/password_hash.ts";
import { Users } from "../../../lib/policy/users/users.ts";
import { startTestProxy, type TestProxy } from "../../support/proxy.ts";
import {
  readToEnd,
  startEcho,
  within,
  writeAll,
} from "../../support/sockets.ts";
import { askTunnel, hashedUser, tryPassword } from "../../support/users.ts";

const ALICE = await hashedUser("alice", "secret");

/** A proxy whose hashes are counted, and whose clock for bans stands still. */
async function startCounted() {
  const state = { checks: 0, now: 0 };
  const events: LogEvent[] = [];
  const users = await Users.create([ALICE], {
    check(password, hash) {
      state.checks++;
      return checkPassword(password, hash);
    },
  });
  const bans = new Bans({ now: () => state.now });
  const proxy = await startTestProxy({
    users,
    bans,
    log: (event) => events.push(event),
  });
  return {
    state,
    events,
    bans,
    proxy,
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  };
}

async function login(proxy: TestProxy, password: string, name = "alice") {
  using conn = await proxy.connect();
  return await tryPassword(conn, name, password);
}

/** Linux has all of 127.0.0.0/8, but Deno can't bind the end that connects. */
async function loginFrom(proxy: TestProxy, local: string, password: string) {
  const { connect } = await import("node:net");
  const { hostname: host, port } = proxy.addr;
  const socket = connect({ host, port, localAddress: local });
  const chunks: Uint8Array[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.on("error", reject);
  socket.on("close", () => resolve());
  const said = new TextEncoder().encode(password);
  const name = new TextEncoder().encode("alice");
  socket.end(
    Uint8Array.of(5, 1, 2, 1, name.length, ...name, said.length, ...said),
  );
  await within(5_000, promise);
  return chunks.flatMap((chunk) => [...chunk]);
}

async function askHttp(proxy: TestProxy, password: string): Promise<string> {
  using conn = await proxy.connect();
  const basic = btoa(`alice:${password}`);
  await writeAll(
    conn,
    `GET http://127.0.0.1:1/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\nProxy-Authorization: Basic ${basic}\r\nConnection: close\r\n\r\n`,
  );
  return new TextDecoder().decode(await within(5_000, readToEnd(conn)));
}

Deno.test("authenticate() bans a client after ten passwords, without hashing more", async () => {
  await using test = await startCounted();
  const { proxy, state, events } = test;
  for (let n = 0; n < 10; n++) {
    assertEquals(await login(proxy, `wrong ${n}`), 1);
  }
  assertEquals(state.checks, 10);
  for (const password of ["wrong", "secret"]) {
    assertEquals(await login(proxy, password), 1);
  }
  assertEquals(state.checks, 10);
  const ended = await proxy.whenEnded(12);
  assertEquals(ended[9]!.reason, "Wrong user name or password");
  assertEquals(ended[10]!.reason, "Client is banned for 60 s");
  assertEquals([ended[11]!.result, ended[11]!.user], ["refused", "alice"]);
  assertEquals(events.filter(({ event }) => event === "ban"), [{
    event: "ban",
    code: "client-banned",
    client: "127.0.0.1",
    duration: 60_000,
    failures: 10,
    window: 120_000,
  }]);
  state.now += 60_000;
  assertEquals(await login(proxy, "secret"), 0);
});

Deno.test({
  name:
    "authenticate() serves the right user from elsewhere while a loop of wrong passwords is banned",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using test = await startCounted();
    const { proxy, state } = test;
    const loop = Array.from(
      { length: 200 },
      (_, n) => login(proxy, `wrong ${n}`),
    );
    // All at once: it may not help that none waits for the answer to another.
    assertEquals(new Set(await Promise.all(loop)), new Set([1]));
    assert(state.checks <= 10 + 8, `${state.checks} were hashed`);
    assertEquals(await login(proxy, "secret"), 1);
    assertEquals(await loginFrom(proxy, "127.0.0.2", "secret"), [5, 2, 1, 0]);
    assertEquals(await loginFrom(proxy, "127.0.0.2", "secret"), [5, 2, 1, 0]);
    // So many have failed with her name that one failure is enough.
    assertEquals(await loginFrom(proxy, "127.0.0.3", "wrong"), [5, 2, 1, 1]);
    assertEquals(await loginFrom(proxy, "127.0.0.3", "secret"), [5, 2, 1, 1]);
    assertEquals(await loginFrom(proxy, "127.0.0.2", "secret"), [5, 2, 1, 0]);
    const keys = test.bans.list().map(({ key }) => key);
    assertEquals(keys.toSorted(), ["127.0.0.1", "127.0.0.3"]);
  },
});

Deno.test("authenticate() says with 429 for how long when the client speaks HTTP", async () => {
  await using test = await startCounted();
  for (let n = 0; n < 10; n++) {
    assertMatch(await askHttp(test.proxy, `wrong ${n}`), /^HTTP\/1\.1 407 /);
  }
  test.state.now += 17_500;
  const answer = await askHttp(test.proxy, "secret");
  assertMatch(answer, /^HTTP\/1\.1 429 Too Many Requests\r\n/);
  assertMatch(answer, /\r\nRetry-After: 43\r\n/);
  assertMatch(answer, /\r\n\r\nClient is banned for 43 s\n$/);
  assertEquals(test.state.checks, 10);
  assertEquals(await login(test.proxy, "secret"), 1);
});

Deno.test("authenticate() counts failures of all protocols together, and a success clears them", async () => {
  await using test = await startCounted();
  for (let n = 0; n < 9; n++) {
    if (n % 2) await askHttp(test.proxy, "wrong");
    else await login(test.proxy, "wrong");
  }
  assertEquals(await login(test.proxy, "secret"), 0);
  assertEquals(await login(test.proxy, "wrong", "bob"), 1);
  assertEquals(await login(test.proxy, "secret"), 0);
  assertEquals(test.bans.list(), []);
});

Deno.test("authenticate() counts no client that asks without credentials", async () => {
  await using test = await startCounted();
  for (let n = 0; n < 30; n++) {
    using conn = await test.proxy.connect();
    await writeAll(conn, [5, 1, 0]);
    assertEquals([...await within(5_000, readToEnd(conn))], [5, 0xff]);
  }
  assertEquals(test.bans.size, 0);
});

Deno.test("authenticate() leaves the open tunnels of a client that is banned", async () => {
  await using echo = startEcho();
  await using test = await startCounted();
  using conn = await test.proxy.connect();
  assertEquals(await tryPassword(conn, "alice", "secret"), 0);
  assertEquals(await askTunnel(conn, echo.addr), 0);
  for (let n = 0; n < 11; n++) await login(test.proxy, "wrong");
  assertEquals(test.bans.list().length, 1);
  await writeAll(conn, "still here");
  await conn.closeWrite();
  const said = new TextDecoder().decode(await within(5_000, readToEnd(conn)));
  assertEquals(said, "still here");
});

Deno.test("authenticate() hashes once for a thousand connections of one user", async () => {
  await using test = await startCounted();
  for (let batch = 0; batch < 20; batch++) {
    const all = Array.from({ length: 50 }, () => login(test.proxy, "secret"));
    assertEquals(new Set(await Promise.all(all)), new Set([0]));
  }
  assertEquals(test.state.checks, 1);
});

Deno.test("authenticate() says in the log when a user is under attack", async () => {
  await using test = await startCounted();
  for (let n = 0; n < 10; n++) await login(test.proxy, "wrong", 'a"\n');
  const messages = test.events.flatMap((event) =>
    event.event === "message" ? [[event.level, event.message]] : []
  );
  assertEquals(messages, [[
    "warning",
    'User "a\\"\\n" is under attack, 10 failures in 2m: for 1m one failure bans a client',
  ]]);
});
