import { assert, assertEquals, assertRejects } from "@std/assert";
import { ConfigError } from "../../lib/cli/config_error.ts";
import { startTls } from "../../lib/net/tls/start.ts";
import {
  issue,
  makeTestAuthority,
  revoke,
  SERVER,
  type TestAuthority,
} from "../support/certificates.ts";
import {
  load,
  problemsOf,
  replaceFile,
  startTestRun,
  type TestRun,
} from "../support/config.ts";
import { makeFolder } from "../support/programs.ts";
import { connectRequest, greet, readReply } from "../support/proxy.ts";
import { startEcho, within, writeAll } from "../support/sockets.ts";
import {
  askTunnel,
  hashedUser,
  lineOf,
  tryPassword,
} from "../support/users.ts";
import { pass } from "../support/time.ts";

const LISTEN = "127.0.0.1:0";

async function apply(run: TestRun, ...listeners: unknown[]) {
  return await run.running.apply(await load({ listeners }));
}

function connect(run: TestRun): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: "127.0.0.1", port: run.ports()[0]! });
}

/** What a proxy without users answers. */
async function replyTo(run: TestRun, { port }: Deno.NetAddr): Promise<number> {
  using conn = await connect(run);
  await greet(conn);
  await writeAll(conn, connectRequest("127.0.0.1", port));
  return (await within(10_000, readReply(conn))).reply;
}

/** Leaves so much of the file that is there, as whoever writes it does. */
async function cut(path: string, text = ""): Promise<void> {
  await Deno.writeTextFile(path, text);
}

/** Two looks at all files. */
async function lookTwice(run: TestRun): Promise<void> {
  for (let n = 0; n < 2; n++) await run.running.poll();
}

Deno.test("RunningConfig goes on with the rules in force when a listener is replaced", async () => {
  await using folder = await makeFolder();
  await using echo = startEcho();
  await using run = startTestRun();
  const rules = `${folder.path}/rules.txt`;
  const proxy = { kind: "proxy", listen: LISTEN, rules };
  await Deno.writeTextFile(rules, `allow port 1\ndeny port ${echo.addr.port}`);
  await apply(run, proxy);
  for (const [index, text] of ["", "allow port 1\n"].entries()) {
    await cut(rules, text);
    const settings = { ...proxy, "idle-timeout": `${100 + index}s` };
    assertEquals((await apply(run, settings)).changed, 1);
    assertEquals(await replyTo(run, echo.addr), 2);
  }
  await lookTwice(run); // What is there now has settled.
  assertEquals(await replyTo(run, echo.addr), 0);
  await cut(rules);
  await lookTwice(run);
  const last = run.messages.at(-1)!;
  assert(/rules\.txt:1:1: expected a rule, but there is none;/.test(last));
  assertEquals(await replyTo(run, echo.addr), 0);
});

Deno.test("RunningConfig reads only the file of a new path, once it is whole", async () => {
  await using folder = await makeFolder();
  await using echo = startEcho();
  await using run = startTestRun();
  const [old, next] = ["old", "new"].map((name) => `${folder.path}/${name}`);
  const denied = `deny port ${echo.addr.port}\n`;
  await Deno.writeTextFile(old!, "default allow");
  await apply(run, { kind: "proxy", listen: LISTEN, rules: old });
  assertEquals(await replyTo(run, echo.addr), 0);
  using writing = await Deno.open(next!, { write: true, create: true });
  await writing.write(new TextEncoder().encode("allow port 1\n"));
  const applying = apply(run, { kind: "proxy", listen: LISTEN, rules: next });
  await pass(300);
  await writing.write(new TextEncoder().encode(denied));
  await applying;
  assertEquals(await replyTo(run, echo.addr), 2);
});

Deno.test("RunningConfig reads a file again that is no good with the new settings", async () => {
  await using folder = await makeFolder();
  await using echo = startEcho();
  await using run = startTestRun();
  const rules = `${folder.path}/rules.txt`;
  const proxy = { kind: "proxy", listen: LISTEN, rules };
  await Deno.writeTextFile(rules, "allow via far");
  await apply(run, { ...proxy, parent: "far=socks5://127.0.0.1:9" });
  await replaceFile(rules, `deny port ${echo.addr.port}`);
  await apply(run, proxy);
  assertEquals(await replyTo(run, echo.addr), 2);
  await replaceFile(rules, "allow via far");
  await apply(run, { ...proxy, "idle-timeout": "1m" }); // With those in force.
  assertEquals(await replyTo(run, echo.addr), 2);
  const other = { ...proxy, rules: `${folder.path}/none` };
  await assertRejects(() => apply(run, other), ConfigError);
});

Deno.test("tryConfig() takes no file of rules without a rule", async () => {
  await using folder = await makeFolder();
  const rules = `${folder.path}/rules.txt`;
  await Deno.writeTextFile(rules, "# none\n");
  const proxy = { kind: "proxy", listen: LISTEN, rules };
  const [problem, ...others] = await problemsOf({ listeners: [proxy] });
  assertEquals(others, []);
  assert(/listeners\[0\]\.rules: .*write 'default allow'/.test(problem!));
});

Deno.test("RunningConfig goes on with the users in force when a listener is replaced", async () => {
  await using folder = await makeFolder();
  await using echo = startEcho();
  await using run = startTestRun();
  const users = `${folder.path}/users.txt`;
  const lines = await Promise.all(
    ["alice", "bob"].map(async (name) => lineOf(await hashedUser(name, name))),
  );
  const proxy = { kind: "proxy", listen: LISTEN, users };
  await Deno.writeTextFile(users, lines.join(""), { mode: 0o600 });
  await apply(run, proxy);
  for (const [index, text] of ["", lines[0]!].entries()) {
    await cut(users, text);
    await apply(run, { ...proxy, "idle-timeout": `${100 + index}s` });
    using conn = await connect(run);
    assertEquals(await tryPassword(conn, "bob", "bob"), 0);
    assertEquals(await askTunnel(conn, echo.addr), 0);
  }
});

/** Whether a client with a certificate gets in. */
async function getsIn(
  run: TestRun,
  { authority, alice }: TestAuthority,
): Promise<boolean> {
  const connection = await connect(run);
  try {
    const secured = await startTls(connection, {
      host: "localhost",
      verify: () => Promise.resolve(),
      authorities: authority.certificate,
      ...alice,
    });
    await writeAll(secured as unknown as Deno.Conn, "x");
    const bytes = new Uint8Array(1);
    const count = await within(10_000, secured.read(bytes));
    secured.close();
    return count === 1;
  } catch {
    connection.close();
    return false;
  }
}

Deno.test("RunningConfig goes on with the files of TLS in force when a listener is replaced", async () => {
  await using test = await makeTestAuthority();
  await using run = startTestRun();
  const bob = await issue({ name: "bob" }, test.authority);
  await test.write("crl", await revoke([bob], test.authority));
  const echo = {
    kind: "echo",
    listen: LISTEN,
    "tls-cert": test.path("server.crt"),
    "tls-key": test.path("server.key"),
    "tls-client-ca": test.path("ca.crt"),
    "tls-crl": test.path("crl"),
  };
  await apply(run, echo);
  for (const name of ["crl", "ca.crt", "server.crt", "server.key"]) {
    await test.write(name, "");
  }
  await apply(run, { ...echo, "idle-timeout": "100s" });
  assertEquals(await getsIn(run, { ...test, alice: bob }), false);
  assertEquals(await getsIn(run, test), true);
});

Deno.test("RunningConfig takes a certificate and a new path of its key together", async () => {
  await using test = await makeTestAuthority();
  await using run = startTestRun();
  const tls = {
    "tls-cert": test.path("server.crt"),
    "tls-key": test.path("server.key"),
  };
  await apply(run, { kind: "echo", listen: LISTEN, ...tls });
  const another = await issue(SERVER, test.authority);
  await replaceFile(test.path("server.crt"), another.certificate);
  await replaceFile(test.path("next.key"), another.key);
  tls["tls-key"] = test.path("next.key");
  const change = await apply(run, { kind: "echo", listen: LISTEN, ...tls });
  assertEquals(change.changed, 1);
  assertEquals(await getsIn(run, test), true);
});

Deno.test("RunningConfig goes on with the count of a quota when the quota changes", async () => {
  await using folder = await makeFolder();
  await using echo = startEcho();
  await using run = startTestRun();
  const path = `${folder.path}/quota.json`;
  const day = new Date().toISOString().slice(0, 10);
  await Deno.writeTextFile(path, JSON.stringify({ day, bytes: { bob: 900 } }));
  const proxy = {
    kind: "proxy",
    listen: LISTEN,
    user: ["alice:alice", "bob:bob"],
    "quota-file": path,
  };
  const asBob = async () => {
    const conn = await connect(run);
    assertEquals(await tryPassword(conn, "bob", "bob"), 0);
    return { conn, reply: await askTunnel(conn, echo.addr) };
  };
  await apply(run, { ...proxy, "quota-per-user": "2KB" });
  const { conn, reply } = await asBob();
  assertEquals(reply, 0);
  await writeAll(conn, new Uint8Array(100));
  for (let left = 100; left > 0;) {
    left -= (await within(5_000, conn.read(new Uint8Array(left))))!;
  }
  conn.close();
  await run.ended;
  // Whatever is in the file meanwhile: what counts was read at the start.
  await cut(path);
  await apply(run, { ...proxy, "quota-per-user": "1KB" });
  const second = await asBob();
  assertEquals(second.reply, 1); // 900 and twice 100 are more.
  second.conn.close();
  await apply(run, { ...proxy, "quota-per-user": "2KB" });
  const third = await asBob();
  assertEquals(third.reply, 0);
  third.conn.close();
  await run.running.shutdown(0);
  const { bytes } = JSON.parse(await Deno.readTextFile(path));
  assertEquals(bytes, { bob: 1_100 });
});
