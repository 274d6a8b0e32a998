import { assert, assertEquals, assertRejects } from "@std/assert";
import { ConfigError } from "../../lib/cli/config_error.ts";
import { load, replaceFile, startTestRun } from "../support/config.ts";
import { eventually } from "../support/dialogue.ts";
import { makeFolder } from "../support/programs.ts";
import { connectRequest, greet, readReply } from "../support/proxy.ts";
import { PATIENCE } from "../support/running_program.ts";
import { Sluice } from "../support/sluice.ts";
import {
  readExactly,
  readToEnd,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";
import {
  askTunnel,
  hashedUser,
  lineOf,
  tryPassword,
} from "../support/users.ts";

const ALICE = await hashedUser("alice", "secret");
const BOB = await hashedUser("bob", "b");

async function connect(port: number): Promise<Deno.TcpConn> {
  return await Deno.connect({ hostname: "127.0.0.1", port });
}

async function tunnelTo(port: number, target: Deno.NetAddr) {
  const conn = await connect(port);
  await greet(conn);
  await writeAll(conn, connectRequest("127.0.0.1", target.port));
  assertEquals((await within(PATIENCE, readReply(conn))).reply, 0);
  return conn;
}

async function echoes(conn: Deno.Conn, text: string): Promise<void> {
  await writeAll(conn, text);
  const back = await within(PATIENCE, readExactly(conn, text.length));
  assertEquals(new TextDecoder().decode(back), text);
}

/** The settings of a proxy before and after, and whether a tunnel is cut. */
const ROWS: readonly (readonly [
  what: string,
  before: object,
  after: object,
  isCut: boolean,
])[] = [
  ["a rule that denies", {}, { rule: ["deny to loopback"] }, true],
  ["a rule that is gone", { rule: ["allow to loopback"] }, {}, false],
  [
    "a rule that denies others",
    { rule: ["allow"] },
    { rule: ["deny port 1"] },
    false,
  ],
  [
    "a rule that only reports",
    { rule: ["allow"] },
    { "rule": ["deny"], "rules-mode": "report" },
    false,
  ],
  [
    "a rule that denies, and 'keep'",
    { rule: ["allow"] },
    { "rule": ["deny to loopback"], "on-change": "keep" },
    false,
  ],
  ["users where there were none", {}, { user: ["alice:secret"] }, true],
  ["another time limit", {}, { "idle-timeout": "1h" }, false],
];

for (const [what, before, after, isCut] of ROWS) {
  Deno.test(`a configuration with ${what} ${isCut ? "cuts" : "leaves"} an open tunnel`, async () => {
    await using echo = startEcho();
    await using run = startTestRun();
    const proxy = { kind: "proxy", listen: "127.0.0.1:0" };
    const apply = async (settings: object) =>
      run.running.apply(await load({ listeners: [{ ...proxy, ...settings }] }));
    await apply(before);
    using conn = await tunnelTo(run.ports()[0]!, echo.addr);
    await apply(after);
    const isSaid = () => run.messages.some((line) => line.startsWith("Cut "));
    if (isCut) {
      await within(PATIENCE, readToEnd(conn));
      // It is said once all tunnels are judged.
      assert(await eventually(isSaid));
    } else {
      await echoes(conn, "still here");
      assert(!isSaid());
    }
  });
}

Deno.test("a configuration that cannot be used cuts no tunnel", async () => {
  await using echo = startEcho();
  await using run = startTestRun();
  const apply = async (...rule: string[]) =>
    run.running.apply(
      await load({
        listeners: [{ kind: "proxy", listen: "127.0.0.1:0", rule }],
      }),
    );
  await apply("allow");
  using conn = await tunnelTo(run.ports()[0]!, echo.addr);
  await assertRejects(
    () => apply("deny", "alow"),
    ConfigError,
    "it has 1 problem",
  );
  await echoes(conn, "still here");
});

Deno.test("a rules file judges the tunnels of settings of before", async () => {
  await using folder = await makeFolder();
  const rules = `${folder.path}/rules.txt`;
  await replaceFile(rules, "allow\n");
  await using echo = startEcho();
  await using run = startTestRun();
  const apply = async (limit: string) =>
    run.running.apply(
      await load({
        listeners: [{
          "kind": "proxy",
          "listen": "127.0.0.1:0",
          "idle-timeout": limit,
          rules,
        }],
      }),
    );
  await apply("1h");
  using oldest = await tunnelTo(run.ports()[0]!, echo.addr);
  await apply("2h");
  using old = await tunnelTo(run.ports()[0]!, echo.addr);
  await apply("3h");
  await Promise.all([echoes(oldest, "here"), echoes(old, "here")]);
  await replaceFile(rules, "deny to loopback\n");
  assertEquals(await run.running.reload(), undefined);
  await within(PATIENCE, Promise.all([readToEnd(oldest), readToEnd(old)]));
});

Deno.test({
  name:
    "the program cuts what its new rules refuse, and nothing for a broken file",
  ignore: Deno.build.os === "windows", // It can't send SIGHUP.
  async fn() {
    await using folder = await makeFolder();
    const path = `${folder.path}/rules.txt`;
    await replaceFile(path, "allow\n");
    await using echo = startEcho();
    await using sluice = new Sluice("--rules", path);
    using conn = await tunnelTo(await sluice.port(), echo.addr);
    await replaceFile(path, "alow\n");
    sluice.kill("SIGHUP");
    await sluice.line(/Cannot reload rules/);
    await echoes(conn, "still here");
    await replaceFile(path, 'gone: deny to loopback message "Closed"\n');
    sluice.kill("SIGHUP");
    await within(PATIENCE, readToEnd(conn));
    await sluice.line(/cut .*: revoked: Denied by rule gone: Closed$/);
    await sluice.line(/Cut 1 of 1 connection, because /);
  },
});

Deno.test("the program cuts the tunnels of a user who is gone, without a signal", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/users.txt`;
  await replaceFile(path, lineOf(ALICE) + lineOf(BOB));
  await using echo = startEcho();
  await using sluice = new Sluice("--users", path);
  const port = await sluice.port();
  using alice = await connect(port);
  assertEquals(await tryPassword(alice, "alice", "secret"), 0);
  assertEquals(await askTunnel(alice, echo.addr), 0);
  using bob = await connect(port);
  assertEquals(await tryPassword(bob, "bob", "b"), 0);
  assertEquals(await askTunnel(bob, echo.addr), 0);
  await replaceFile(path, lineOf(BOB));
  await within(PATIENCE, readToEnd(alice));
  await echoes(bob, "still here");
  await sluice.line(/cut .*alice@.*: revoked: the user is gone$/);
});

Deno.test("the program with 3 workers cuts in each what a user, then a rule, no longer allows", async () => {
  await using folder = await makeFolder();
  const [users, rules] = [`${folder.path}/u.txt`, `${folder.path}/r.txt`];
  await replaceFile(users, lineOf(ALICE) + lineOf(BOB));
  await replaceFile(rules, "allow\n");
  await using echo = startEcho();
  await using sluice = new Sluice(
    ...["--users", users, "--rules", rules, "--workers", "3"],
  );
  const port = await sluice.port();
  const openMany = (name: string, password: string) =>
    Promise.all(Array.from({ length: 20 }, async () => {
      const conn = await connect(port);
      assertEquals(await tryPassword(conn, name, password), 0);
      assertEquals(await askTunnel(conn, echo.addr), 0);
      return conn;
    }));
  const alice = await openMany("alice", "secret");
  const bob = await openMany("bob", "b");
  await replaceFile(users, lineOf(BOB));
  await within(PATIENCE, Promise.all(alice.map(readToEnd)));
  await Promise.all(bob.map((conn) => echoes(conn, "still here")));
  await sluice.line(/cut .*alice@.*: revoked: the user is gone$/, 20);
  await replaceFile(rules, "gone: deny to loopback\n");
  await within(PATIENCE, Promise.all(bob.map(readToEnd)));
  await sluice.line(/cut .*bob@.*: revoked: Denied by rule gone$/, 20);
  // A line for each thread and change; a thread without tunnels has none.
  await sluice.line(/Cut \d+ of \d+ connections?/, 4);
  for (const conn of [...alice, ...bob]) conn.close();
});
