import { assert, assertEquals, assertMatch } from "@std/assert";
import { load, startTestRun } from "../support/config.ts";
import {
  makeFolder,
  onlyConnection,
  run,
  runOk,
  startHttp,
  testPrograms,
} from "../support/programs.ts";
import {
  openTunnel,
  startTestProxy,
  type TestProxy,
} from "../support/proxy.ts";
import {
  readExactly,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";
import { rulesOf } from "../support/rules.ts";
import { Sluice } from "../support/sluice.ts";

const ignore = Deno.build.os === "windows";

/** Opens a connection to a proxy at a path, as if it were at a port. */
function atPath(proxy: TestProxy, path: string): TestProxy {
  const connect = () => Deno.connect({ transport: "unix", path });
  return { ...proxy, connect: connect as unknown as TestProxy["connect"] };
}

function modeOf(path: string): string {
  return (Deno.lstatSync(path).mode! & 0o777).toString(8);
}

testPrograms({
  name: "proxy on a Unix socket serves curl by SOCKS5, SOCKS4a and HTTP",
  needs: ["curl"],
  async fn({ curl }) {
    await using folder = await makeFolder();
    const path = `${folder.path}/p.sock`;
    await using server = startHttp(() => new Response("page"));
    const url = `http://127.0.0.1:${server.addr.port}/`;
    await using proxy = await startTestProxy({ listen: [{ path }] });
    for (const scheme of ["socks5h", "socks4a"]) {
      const at = `${scheme}://localhost${path}`;
      assertEquals(await runOk(curl, ["-q", "-sS", "-x", at, url]), "page");
    }
    const absolute = ["--unix-socket", path, "--request-target", url, url];
    assertEquals(await runOk(curl, ["-q", "-sS", ...absolute]), "page");
    const ended = await within(10_000, proxy.whenEnded(3));
    for (const { client, listener, result } of ended) {
      assertEquals([client, listener, result], ["unix", `unix:${path}`, "ok"]);
    }
  },
});

testPrograms({
  name: "proxy on a Unix socket asks for passwords, and bans who guesses",
  needs: ["curl"],
  async fn({ curl }) {
    await using folder = await makeFolder();
    const path = `${folder.path}/p.sock`;
    await using server = startHttp(() => new Response("page"));
    const url = `http://127.0.0.1:${server.addr.port}/`;
    const messages: string[] = [];
    await using _proxy = await startTestProxy({
      listen: [{ path }],
      users: [{ name: "alice", password: "right" }],
      log(event) {
        if (event.event === "ban") messages.push(JSON.stringify(event));
      },
    });
    const ask = async (login: string) =>
      (await run(curl, [
        ...["-q", "-sS", "-x", `socks5h://${login}@localhost${path}`, url],
      ])).code;
    assertEquals(await ask("alice:right"), 0);
    for (let count = 0; count < 11; count++) assert(await ask("alice:no") > 0);
    assert(await ask("alice:right") > 0);
    assertMatch(messages.join("\n"), /"unix"/);
  },
});

Deno.test({
  name: "proxy on a Unix socket judges by client unix and listener unix:PATH",
  ignore,
  async fn() {
    await using folder = await makeFolder();
    const path = `${folder.path}/p.sock`;
    await using echo = startEcho();
    const { port } = echo.addr;
    const rules = rulesOf(
      `u: deny client unix port ${port} listener unix:${path}\nallow`,
    );
    await using proxy = await startTestProxy({
      listen: [{ path }, { host: "127.0.0.1", port: 0 }],
      rules: { current: rules },
    });
    const refused = await openTunnel(atPath(proxy, path), echo.addr)
      .catch((error) => error.message);
    assertEquals(refused, "Refused with 2");
    const { rule, client } = await onlyConnection(proxy);
    assertEquals([rule, client], ["u", "unix"]);
    const { addr } = proxy.proxy.listeners[1]!;
    const connect = () => Deno.connect({ ...addr, transport: "tcp" });
    (await openTunnel({ ...proxy, connect }, echo.addr)).close();
  },
});

Deno.test({
  name: "proxy on a Unix socket refuses UDP and BIND, which need an address",
  ignore,
  async fn() {
    await using folder = await makeFolder();
    const path = `${folder.path}/p.sock`;
    await using proxy = await startTestProxy({ listen: [{ path }] });
    const ask = async (command: number) => {
      using conn = await Deno.connect({ transport: "unix", path });
      await writeAll(conn, [5, 1, 0, 5, command, 0, 1, 0, 0, 0, 0, 0, 0]);
      return (await within(10_000, readExactly(conn, 12)))[3];
    };
    assertEquals([await ask(2), await ask(3)], [2, 7]);
    const reasons = (await within(10_000, proxy.whenEnded(2)))
      .map(({ reason }) => reason);
    assertMatch(reasons[0]!, /BIND needs an address.*give one with --bind/);
    assertMatch(reasons[1]!, /UDP needs a client with an address/);
  },
});

Deno.test({
  name: "proxy on a Unix socket waits for a peer where --bind says",
  ignore,
  async fn() {
    await using folder = await makeFolder();
    const path = `${folder.path}/p.sock`;
    await using _proxy = await startTestProxy({
      listen: [{ path }],
      outgoing: { ipv4: Uint8Array.of(127, 0, 0, 1) },
    });
    using conn = await Deno.connect({ transport: "unix", path });
    await writeAll(conn, [5, 1, 0, 5, 2, 0, 1, 0, 0, 0, 0, 0, 0]);
    const reply = await within(10_000, readExactly(conn, 12));
    assertEquals([...reply.subarray(2, 10)], [5, 0, 0, 1, 127, 0, 0, 1]);
    const port = reply[10]! << 8 | reply[11]!;
    using _peer = await Deno.connect({ port });
    assertEquals((await within(10_000, readExactly(conn, 10)))[1], 0);
  },
});

Deno.test({
  name: "proxy on a Unix socket takes a client's address from a PROXY header",
  ignore,
  async fn() {
    await using folder = await makeFolder();
    const path = `${folder.path}/p.sock`;
    await using echo = startEcho();
    await using proxy = await startTestProxy({
      listen: [{ path }],
      acceptProxy: { isRequired: true, from: [] },
    });
    using conn = await Deno.connect({ transport: "unix", path });
    await writeAll(conn, "PROXY TCP4 192.0.2.7 192.0.2.1 5000 1080\r\n");
    const { port } = echo.addr;
    await writeAll(conn, [5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1]);
    await writeAll(conn, [port >> 8, port & 255]);
    assertEquals((await within(10_000, readExactly(conn, 12)))[3], 0);
    conn.close();
    assertEquals((await onlyConnection(proxy)).client, "192.0.2.7:5000");
  },
});

Deno.test({
  name: "proxy on a Unix socket names no address in X-Forwarded-For",
  ignore,
  async fn() {
    await using folder = await makeFolder();
    const path = `${folder.path}/p.sock`;
    await using server = startHttp((request) =>
      new Response(request.headers.get("x-forwarded-for"))
    );
    await using _proxy = await startTestProxy({
      listen: [{ path }],
      forwardedFor: true,
    });
    using conn = await Deno.connect({ transport: "unix", path });
    const at = `127.0.0.1:${server.addr.port}`;
    await writeAll(
      conn,
      `GET http://${at}/ HTTP/1.1\r\nHost: ${at}\r\nConnection: close\r\n\r\n`,
    );
    const answer = await new Response(ReadableStream.from(parts(conn))).text();
    assertMatch(answer, /\r\n\r\nunknown$/);
  },
});

async function* parts(conn: Deno.UnixConn): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(4096);
  while (true) {
    const count = await within(10_000, conn.read(buffer));
    if (count === null) return;
    yield buffer.slice(0, count);
  }
}

Deno.test({
  name: "every server listens on a Unix socket, with the permissions asked for",
  ignore,
  async fn() {
    await using folder = await makeFolder();
    await using echo = startEcho();
    const at = (name: string) => `unix:${folder.path}/${name}`;
    await using run = startTestRun();
    await run.running.apply(
      await load({
        listeners: [
          { kind: "proxy", listen: at("proxy") },
          {
            kind: "forward",
            listen: `${at("forward")},mode=660`,
            upstreams: `127.0.0.1:${echo.addr.port}`,
          },
          { kind: "echo", listen: `${at("echo")},mode=622` },
          { kind: "hub", listen: at("hub"), ws: at("web") },
        ],
      }),
    );
    const names = ["proxy", "forward", "echo", "hub", "web"];
    assertEquals(
      names.map((name) => modeOf(`${folder.path}/${name}`)),
      ["600", "660", "622", "600", "600"],
    );
    for (const name of ["forward", "echo"]) {
      const path = `${folder.path}/${name}`;
      using conn = await Deno.connect({ transport: "unix", path });
      await writeAll(conn, "hello");
      assertEquals((await within(10_000, readExactly(conn, 5)))[0], 104);
    }
    const path = `${folder.path}/hub`;
    using one = await Deno.connect({ transport: "unix", path });
    using other = await Deno.connect({ transport: "unix", path });
    await writeAll(one, "/ping\n");
    await within(10_000, readExactly(one, 5));
    await writeAll(one, "hi\n");
    assertEquals((await within(10_000, readExactly(other, 3)))[0], 104);
    const banner = run.running.banner.join("\n");
    assertMatch(
      banner,
      /Open to programs that may write to the socket \(mode 600\)/,
    );
    await run.running.shutdown(0);
    assertEquals([...Deno.readDirSync(folder.path)], []);
  },
});

Deno.test({
  name: "a reload changes the permissions of a socket that stays open",
  ignore,
  async fn() {
    await using folder = await makeFolder();
    const path = `${folder.path}/echo`;
    await using run = startTestRun();
    const apply = async (suffix: string) =>
      await run.running.apply(
        await load({
          listeners: [{ kind: "echo", listen: `unix:${path}${suffix}` }],
        }),
      );
    await apply("");
    const { ino } = Deno.lstatSync(path);
    using before = await Deno.connect({ transport: "unix", path });
    for (const [suffix, mode] of [[",mode=660", "660"], ["", "600"]] as const) {
      await apply(suffix);
      assertEquals(modeOf(path), mode);
      assertEquals(Deno.lstatSync(path).ino, ino);
    }
    await writeAll(before, "x");
    await within(10_000, readExactly(before, 1));
  },
});

Deno.test({
  name: "sluice leaves a path that another program has taken over",
  ignore,
  async fn() {
    await using folder = await makeFolder();
    const [path, admin] = ["p.sock", "admin.sock"]
      .map((name) => `${folder.path}/${name}`);
    const config = `${folder.path}/sluice.json`;
    const listeners = [{ kind: "proxy", listen: "unix:p.sock" }];
    Deno.writeTextFileSync(
      config,
      JSON.stringify({ admin: "unix:admin.sock", listeners }),
    );
    await using sluice = new Sluice("run", "-c", config);
    await sluice.line(/Admin page/);
    Deno.removeSync(path!);
    using _theirs = Deno.listen({ transport: "unix", path: path! });
    sluice.kill("SIGTERM");
    assertEquals(await sluice.code(), 0);
    assert(Deno.lstatSync(path!).isSocket);
    const left = [...Deno.readDirSync(folder.path)].map(({ name }) => name);
    assertEquals(left.sort(), ["p.sock", "sluice.json"], admin);
  },
});
