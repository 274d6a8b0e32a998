import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { openWatchers } from "../../lib/admin/watchers.ts";
import { CONFIRMED } from "../support/admin.ts";
import { makeFolder, type TestFolder } from "../support/programs.ts";
import { PATIENCE } from "../support/running_program.ts";
import { Sluice } from "../support/sluice.ts";
import { sluiceAll } from "../support/sluice_commands.ts";
import {
  readExactly,
  readToEnd,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const ADMIN = ["--admin", "127.0.0.1:0"];

/** The address of a program's page. */
async function adminOf(sluice: Sluice): Promise<string> {
  const line = await sluice.line(/Admin page/);
  return /http:\/\/\S+(?=\/$)/.exec(line)![0];
}

/** Headers of an operator. */
function authorized(token: string): Record<string, string> {
  return { Authorization: `Bearer ${token}`, ...CONFIRMED };
}

/** Writes the token that programs need; returns the path of its file. */
async function writeToken({ path }: TestFolder): Promise<string> {
  const file = `${path}/token`;
  await Deno.writeTextFile(file, TOKEN, { mode: 0o600 });
  return file;
}

async function ask(
  url: string,
  init: RequestInit = {},
): Promise<[status: number, text: string]> {
  const response = await within(PATIENCE, fetch(url, init));
  return [response.status, await response.text()];
}

Deno.test("openWatchers() watches nothing unless options ask for it", async () => {
  const options = { "drain-delay": 0, "drain-timeout": 0 };
  for (const hasWorkers of [false, true]) {
    const settings = { drain() {}, hasWorkers };
    const watching = await openWatchers(options, () => {}, settings);
    assertEquals([watching.registry, watching.threads, watching.banner], [
      undefined,
      undefined,
      [],
    ]);
  }
});

Deno.test("openWatchers() watches its own thread, or those that are added", async () => {
  const options = {
    "admin": { host: "127.0.0.1", port: 0 },
    "drain-delay": 0,
    "drain-timeout": 0,
  };
  for (const hasWorkers of [false, true]) {
    await using watching = await openWatchers(
      options,
      () => {},
      { drain() {}, hasWorkers },
    );
    assertEquals(watching.registry === undefined, hasWorkers);
    assertEquals(watching.threads !== undefined, hasWorkers);
  }
});

Deno.test("openWatchers() times connections for operators, and only counts them for a fleet", async () => {
  const waits = { "drain-delay": 0, "drain-timeout": 0 };
  const admin = { host: "127.0.0.1", port: 0 };
  const fleet = "redis://127.0.0.1:1";
  const cases = [
    { options: { admin }, isTimed: true },
    { options: { fleet }, isTimed: false },
    { options: { admin, fleet }, isTimed: true },
  ];
  for (const { options, isTimed } of cases) {
    for (const hasWorkers of [false, true]) {
      await using watching = await openWatchers(
        { ...waits, ...options },
        () => {},
        { drain() {}, hasWorkers },
      );
      const own = watching.registry
        ?.listen({ name: "a", kind: "proxy", isPublic: false }).isTimed;
      const given = own ?? watching.threads?.watch.isTimed;
      assertEquals(given, isTimed, `${JSON.stringify(options)} ${hasWorkers}`);
    }
  }
});

Deno.test("sluice drains on request of the admin API, and answers until the end", async () => {
  await using echo = startEcho();
  await using sluice = new Sluice(...ADMIN);
  const admin = await adminOf(sluice);
  const conn = await sluice.openTunnel(echo.addr);
  assertEquals(await ask(`${admin}/readyz`), [200, "ready\n"]);
  const drain = () =>
    ask(`${admin}/api/drain`, { method: "POST", headers: CONFIRMED });
  for (let n = 0; n < 2; n++) {
    const [status, text] = await drain();
    assertEquals([status, JSON.parse(text).open], [202, 1]);
  }
  assertEquals(await ask(`${admin}/readyz`), [503, "draining\n"]);
  await sluice.line(/Operator: accepting no more/);
  const [, status] = await ask(`${admin}/api/status`);
  assertEquals(JSON.parse(status).draining.open, 1);
  // The tunnel stays open until its own end.
  await writeAll(conn, "hello");
  await readExactly(conn, 5);
  conn.close();
  assertEquals(await sluice.code(), 0);
  await assertRejects(() => fetch(`${admin}/healthz`), TypeError);
});

Deno.test("sluice shows itself and reloads with the permissions that it keeps, reports errors, and takes the token from its environment", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/rules.txt`;
  await Deno.writeTextFile(path, "allow\n");
  const env = { SLUICE_ADMIN_TOKEN: TOKEN };
  await using sluice = new Sluice(
    ...[{ env }, ...ADMIN, "--rules", path, "--user", "alice:hush-hush"],
  );
  const admin = await adminOf(sluice);
  assertEquals((await ask(`${admin}/api/status`))[0], 401);
  const headers = authorized(TOKEN);
  const [, shown] = await ask(`${admin}/api/status`, { headers });
  const { descriptors, version } = JSON.parse(shown);
  assert(/^\d+\.\d+\.\d+/.test(version));
  if (Deno.build.os === "linux") {
    assert(descriptors.open > 5, shown);
    assert(descriptors.limit > descriptors.open, shown);
  }
  const [answered, config] = await ask(`${admin}/api/config`, { headers });
  assertEquals(answered, 200);
  assert(!config.includes("hush-hush"));
  assertEquals(JSON.parse(config).user, ["alice:(hidden)"]);
  const reload = () => ask(`${admin}/api/reload`, { method: "POST", headers });
  const [status, text] = await reload();
  assertEquals([status, JSON.parse(text)], [200, { reloaded: [path] }]);
  await Deno.writeTextFile(path, "nonsense\n");
  const [failed, why] = await reload();
  assertEquals([failed, JSON.parse(why).error.code], [422, "reload_failed"]);
  assert(JSON.parse(why).error.message.includes("rules.txt"), why);
  assert(!sluice.lines.join().includes(TOKEN));
});

Deno.test("sluice run shows all of its listeners, and reloads its file", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/sluice.jsonc`;
  await writeToken(folder);
  const listen = "127.0.0.1:0";
  const write = (listeners: unknown[]) =>
    Deno.writeTextFile(
      path,
      JSON.stringify({
        "admin": listen,
        "admin-token-file": "token",
        listeners,
      }),
    );
  const proxy = { kind: "proxy", listen: [listen], user: ["alice:hush-hush"] };
  const relay = { kind: "forward", listen, upstreams: ["127.0.0.1:9"] };
  await write([proxy, relay, { kind: "echo", listen }]);
  await using sluice = new Sluice("run", "-c", path);
  const admin = await adminOf(sluice);
  const headers = authorized(TOKEN);
  const kinds = async () => {
    const [, text] = await ask(`${admin}/api/status`, { headers });
    return JSON.parse(text).listeners.map(({ kind }: { kind: string }) => kind);
  };
  assertEquals(await kinds(), ["proxy", "forward", "echo"]);
  const [, pools] = await ask(`${admin}/api/pools`, { headers });
  assertEquals(JSON.parse(pools).pools[0].upstream, "127.0.0.1:9");
  const [, config] = await ask(`${admin}/api/config`, { headers });
  assertEquals(JSON.parse(config).listeners.length, 3);
  assert(!config.includes("hush-hush"), config);

  await write([proxy]);
  const init = { method: "POST", headers };
  const [status, text] = await ask(`${admin}/api/reload`, init);
  const reloaded = [path, `${folder.path}/token`];
  assertEquals([status, JSON.parse(text)], [200, { reloaded }]);
  assertEquals(await kinds(), ["proxy"]);
  const [, after] = await ask(`${admin}/api/pools`, { headers });
  assertEquals(JSON.parse(after), { pools: [] });

  await write([{ ...proxy, nonsense: 1 }]);
  const [failed, why] = await ask(`${admin}/api/reload`, init);
  assertEquals(failed, 422, why);
  assert(JSON.parse(why).error.message.includes("nonsense"), why);
  assertEquals(await kinds(), ["proxy"]);
});

/** Changes the token in a program's file, and changes it back. */
async function changeToken(sluice: Sluice, path: string): Promise<void> {
  const write = (text: string) => Deno.writeTextFile(path, text);
  const url = `${await adminOf(sluice)}/api/status`;
  const status = async (token: string) =>
    (await ask(url, { headers: authorized(token) }))[0];
  assertEquals((await ask(url))[0], 401);
  assertEquals(await status(TOKEN), 200);
  const next = TOKEN.split("").reverse().join("");
  await write(`${next}\n`);
  await sluice.line(/Reloaded .*token: the admin token$/);
  assertEquals([await status(TOKEN), await status(next)], [401, 200]);
  await write("short");
  sluice.kill("SIGHUP");
  await sluice.line(
    /Cannot reload admin token .*token: its first line is not 16 to 1024/,
  );
  assertEquals(await status(next), 200);
  await write(TOKEN);
  sluice.kill("SIGHUP");
  await sluice.line(/Reloaded .*token: the admin token$/, 2);
  assertEquals([await status(TOKEN), await status(next)], [200, 401]);
  assert(!sluice.lines.join().includes(next));
}

Deno.test("sluice in one thread", async (t) => {
  await using echo = startEcho();
  await using folder = await makeFolder();
  const path = await writeToken(folder);
  await using sluice = new Sluice(
    ...[...ADMIN, "--admin-token-file", path, "--drain-delay=1h"],
  );
  await t.step(
    "takes another token from its file without a restart",
    () => changeToken(sluice, path),
  );
  await t.step(
    "accepts connections during --drain-delay while it reports not ready",
    async () => {
      const admin = await adminOf(sluice);
      sluice.kill("SIGTERM");
      await sluice.line(/SIGTERM: accepting connections for 1 h/);
      assertEquals(await ask(`${admin}/readyz`), [503, "draining\n"]);
      const conn = await sluice.openTunnel(echo.addr);
      await writeAll(conn, "hello");
      await readExactly(conn, 5);
      conn.close();
      await sluice.line(/ ok +socks5 /);
      sluice.kill("SIGTERM");
      assertEquals(await sluice.code(), 0);
    },
  );
});

Deno.test("sluice --workers", async (t) => {
  await using echo = startEcho();
  await using folder = await makeFolder();
  const path = await writeToken(folder);
  await using sluice = new Sluice(
    ...[...ADMIN, "--admin-token-file", path, "--workers", "2"],
  );
  await t.step(
    "takes another token from its file without a restart",
    () => changeToken(sluice, path),
  );
  await t.step("stops being ready after a signal", async () => {
    const admin = await adminOf(sluice);
    using conn = await sluice.openTunnel(echo.addr);
    sluice.kill("SIGTERM");
    await sluice.line(/accepting no more/);
    assertEquals(await ask(`${admin}/readyz`), [503, "draining\n"]);
    const headers = authorized(TOKEN);
    const [, text] = await ask(`${admin}/api/tunnels`, { headers });
    const [{ id }] = JSON.parse(text).tunnels;
    const init = { method: "DELETE", headers };
    assertEquals(await ask(`${admin}/api/tunnels/${id}`, init), [204, ""]);
    assertEquals((await within(PATIENCE, readToEnd(conn))).length, 0);
    await sluice.line(/Ended by the operator/);
    assertEquals(await sluice.code(), 0);
  });
});

Deno.test("sluice does not start when its admin listener can't open, or when it has two tokens", async () => {
  await using folder = await makeFolder();
  const path = await writeToken(folder);
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const cases = [
    [[`127.0.0.1:${taken.addr.port}`], {}, 1, /the port is in use/],
    [[":0"], {}, 2, /without a token/],
    [
      ["127.0.0.1:0", "--admin-token-file", path],
      { SLUICE_ADMIN_TOKEN: TOKEN },
      2,
      /SLUICE_ADMIN_TOKEN/,
    ],
  ] as const;
  const answers = await sluiceAll(
    cases.map(([words, env]) => ({
      args: ["--listen", "127.0.0.1:0", "--admin", ...words],
      env,
    })),
  );
  for (const [at, [words, , code, says]] of cases.entries()) {
    const { code: given, stderr } = answers[at]!;
    assertEquals(given, code, words.join());
    assertMatch(stderr, says);
    assert(!stderr.includes("Listening on"), stderr);
  }
});
