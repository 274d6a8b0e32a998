import { assertEquals, assertStringIncludes } from "@std/assert";
import { parseParent } from "../../lib/wire/parent_url.ts";
import { pattern, sha256 } from "../support/dialogue.ts";
import { run, startHttp, testPrograms } from "../support/programs.ts";
import type { ProgramServer } from "../support/program_server.ts";
import { startTestProxy, type TestProxy } from "../support/proxy.ts";
import {
  type ParentLogin,
  startSquid,
  startTinyproxy,
} from "./real_parents.ts";
import {
  closedPort,
  startServer,
  type TestServer,
  writeAll,
} from "../support/sockets.ts";

const LARGE = pattern(4_000_000);
const ALICE: ParentLogin = { username: "alice", password: "s3cret" };

/** A real HTTP proxy. */
interface RealParent {
  name: "squid" | "tinyproxy";
  start: (path: string, login?: ParentLogin) => Promise<ProgramServer>;
  /** What it answers for a target that refuses. */
  unreachable: number;
  /** Connections that it takes for three requests in a row. */
  connections: number;
}

const PARENTS: RealParent[] = [
  { name: "squid", start: startSquid, unreachable: 503, connections: 1 },
  {
    name: "tinyproxy", // It ends each connection after an answer.
    start: startTinyproxy,
    unreachable: 500,
    connections: 3,
  },
];

function startVia(...urls: string[]): Promise<TestProxy> {
  return startTestProxy({ parents: { via: [urls.map(parseParent)] } });
}

/** Counts the connections to a server on the way there. */
function countTo({ port }: { port: number }): TestServer {
  const copy = async (from: Deno.TcpConn, to: Deno.TcpConn) => {
    const buffer = new Uint8Array(64 * 1024);
    while (true) {
      const count = await from.read(buffer).catch(() => null);
      if (count === null) break;
      await writeAll(to, buffer.subarray(0, count));
    }
    await to.closeWrite().catch(() => {});
  };
  return startServer(async (conn) => {
    using next = await Deno.connect({ port });
    await Promise.allSettled([copy(conn, next), copy(next, conn)]);
  });
}

function startPage(): Deno.HttpServer<Deno.NetAddr> {
  return startHttp((request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/large") return new Response(LARGE);
    return new Response(request.body ?? `a page for ${request.method}`);
  });
}

/** What curl does with a proxy. */
async function load(curl: string, { addr }: TestProxy, args: string[]) {
  const at = `http://127.0.0.1:${addr.port}`;
  return await run(curl, ["-q", "-sS", "-x", at, ...args]);
}

for (const { name, start, connections, unreachable } of PARENTS) {
  testPrograms({
    name: `curl loads plain pages through ${name}, as Debian configures it`,
    needs: ["curl", name],
    async fn(paths) {
      await using page = startPage();
      await using parent = await start(paths[name]);
      await using counter = countTo(parent);
      await using proxy = await startVia(
        `http://127.0.0.1:${counter.addr.port}`,
      );
      const url = `http://127.0.0.1:${page.addr.port}`;
      // What is posted first: on a connection that the parent is about to end
      // it could not be sent again (RFC 9110 §9.2.2).
      const both = await load(paths.curl, proxy, [
        ...["-d", "posted", `${url}/c`],
        ...["--next", "-q", "-sS", "-x", `http://127.0.0.1:${proxy.addr.port}`],
        ...[`${url}/a`, `${url}/b`],
      ]);
      assertEquals(
        both.text,
        "posteda page for GETa page for GET",
        both.stderr,
      );
      assertEquals(proxy.ended.map(({ reason }) => reason), [
        "POST 200",
        "GET 200",
        "GET 200",
      ]);
      assertEquals(counter.accepted, connections);

      const large = await load(paths.curl, proxy, [`${url}/large`]);
      assertEquals(await sha256(large.stdout), await sha256(LARGE));
      const data = await Deno.makeTempFile();
      try {
        await Deno.writeFile(data, LARGE);
        const sent = await load(paths.curl, proxy, ["-T", data, url]);
        assertEquals(await sha256(sent.stdout), await sha256(LARGE));
      } finally {
        await Deno.remove(data);
      }

      const h2c = await load(paths.curl, proxy, ["--http2", url]);
      assertEquals(h2c.text, "a page for GET", h2c.stderr);

      // Tinyproxy leaves a client to its patience.
      const patience = name === "squid" ? "20" : "0.1";
      const invited = await load(paths.curl, proxy, [
        ...["-H", "Expect: 100-continue", "--expect100-timeout", patience],
        ...["-d", "expected", url],
      ]);
      assertEquals(invited.text, "expected", invited.stderr);

      const dead = `http://127.0.0.1:${closedPort()}/`;
      const status = ["-o", "/dev/null", "-w", "%{http_code}"];
      const failed = await load(paths.curl, proxy, [...status, dead]);
      assertEquals(failed.text, String(unreachable), failed.stderr);
    },
  });

  testPrograms({
    name: `curl loads plain pages through ${name} that wants a login`,
    needs: ["curl", name],
    async fn({ curl, ...paths }) {
      await using page = startPage();
      await using parent = await start(paths[name], ALICE);
      await using other = await startTestProxy();
      const before = `socks5://127.0.0.1:${other.addr.port}`;
      const url = `http://127.0.0.1:${page.addr.port}/`;
      const status = ["-w", " %{http_code}", url];
      const at = `127.0.0.1:${parent.port}`;
      const cases = [
        [`http://alice:s3cret@${at}`],
        [before, `http://alice:s3cret@${at}`],
        // Tinyproxy says 401 then, as if it were the origin server.
        ...(name === "squid" ? [[`http://alice:wrong@${at}`]] : []),
        [`http://${at}`],
      ];
      for (const urls of cases) {
        await using proxy = await startVia(...urls);
        const { text, stderr } = await load(curl, proxy, status);
        const [record] = await proxy.whenEnded(1);
        if (urls.at(-1)!.includes("s3cret")) {
          assertEquals(text, "a page for GET 200", stderr);
          assertEquals(record!.reason, "GET 200");
        } else {
          assertStringIncludes(text, " 502");
          assertEquals(record!.result, "failed");
          assertStringIncludes(record!.reason, `through http://${at}: 407 `);
        }
      }
    },
  });
}

testPrograms({
  name: "a WebSocket is asked for as a tunnel, which squid refuses",
  needs: ["curl", "squid"],
  async fn({ curl, squid }) {
    await using page = startPage();
    await using parent = await startSquid(squid);
    await using proxy = await startVia(`http://127.0.0.1:${parent.port}`);
    const { text } = await load(curl, proxy, [
      ...["-H", "Connection: Upgrade", "-H", "Upgrade: websocket"],
      ...["-w", " %{http_code}", `http://127.0.0.1:${page.addr.port}/`],
    ]);
    assertStringIncludes(text, " 403");
    const [record] = await proxy.whenEnded(1);
    assertStringIncludes(record!.reason, ": 403 Forbidden");
  },
});
