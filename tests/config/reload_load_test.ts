/**
 * Everything at once: tunnels that never rest, new connections at a fixed rate,
 * and a file that changes. `SLUICE_RELOADS=50`, as in `deno task reload-load`,
 * makes it the full size, and prints what was measured.
 *
 * @module
 */

import { assert, assertEquals, assertGreater } from "@std/assert";
import { replaceFile } from "../support/config.ts";
import { makeFolder } from "../support/programs.ts";
import { connectRequest, greet, readReply } from "../support/proxy.ts";
import {
  closedPort,
  readExactly,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";
import { startSteadyLoad } from "../support/steady_load.ts";
import { Sluice } from "../support/sluice.ts";

const RELOADS = Number(Deno.env.get("SLUICE_RELOADS") ?? 8);
const IS_FULL = Deno.env.has("SLUICE_RELOADS");

/** Of these the full size is what an operator was promised. */
const TUNNELS = 4 * RELOADS;
const RATE = 10 * RELOADS;

/** Bytes of each exchange through a tunnel, and milliseconds between two. */
const BLOCK = 1_024;
const REST = 100;

/** Connections that are served between two changes: a tenth of a second. */
const BETWEEN = RATE / 10;

/** A test on a busy machine must not wait for less, in milliseconds. */
const PATIENCE = 30_000;

/** Where the proxies listen, and where one may go in turns. */
interface Places {
  changing: number;
  same: number;
  passing: number;
  forbidden: Deno.NetAddr;
}

/**
 * The first proxy has another timeout and other rules each time, the second
 * never, and an echo server comes and goes.
 */
function configOf(n: number, places: Places): string {
  const { changing, same, passing, forbidden } = places;
  const rule = n % 2 ? [`deny port ${forbidden.port}`] : ["allow"];
  return JSON.stringify({
    "drain-timeout": "10s",
    listeners: [
      {
        "kind": "proxy",
        listen: changing,
        rule,
        "idle-timeout": `${100 + n}s`,
      },
      { "kind": "proxy", listen: same },
      ...n % 2 ? [{ kind: "echo", listen: passing }] : [],
    ],
  });
}

/** What a proxy answers. */
async function ask(port: number, target: Deno.NetAddr) {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await greet(conn);
  await writeAll(conn, connectRequest(target.hostname, target.port));
  return { conn, reply: (await within(PATIENCE, readReply(conn))).reply };
}

/** Sends blocks, no two of which are the same, and wants each back. */
async function exchange(
  conn: Deno.TcpConn,
  index: number,
  isOver: () => boolean,
): Promise<number> {
  let count = 0;
  while (!isOver()) {
    const block = Uint8Array.from(
      { length: BLOCK },
      (_, at) => index + 7 * count + at,
    );
    await writeAll(conn, block);
    const back = await within(PATIENCE, readExactly(conn, BLOCK));
    assertEquals(back, block, `tunnel ${index}, block ${count}`);
    count++;
    await new Promise((resolve) => setTimeout(resolve, REST));
  }
  await conn.closeWrite();
  assertEquals(await within(PATIENCE, conn.read(new Uint8Array(1))), null);
  return count;
}

Deno.test({
  name:
    "run drops and refuses nothing when its file changes under busy tunnels and a steady rate of new connections",
  ignore: Deno.build.os === "windows", // It can't send SIGHUP.
  async fn() {
    await using folder = await makeFolder();
    await using echo = startEcho();
    await using other = startEcho();
    const [changing, same, passing] = [
      closedPort(),
      closedPort(),
      closedPort(),
    ];
    const places = { changing, same, passing, forbidden: other.addr };
    const path = `${folder.path}/sluice.jsonc`;
    await replaceFile(path, configOf(0, places));
    await using sluice = new Sluice("run", "-c", path);
    await sluice.line(/Open to/, 2);
    const tunnels = await Promise.all(
      Array.from({ length: TUNNELS }, async (_, index) => {
        const port = index % 2 ? changing : same;
        const { conn, reply } = await ask(port, echo.addr);
        assertEquals(reply, 0);
        return conn;
      }),
    );
    let isOver = false;
    const talking = Promise.all(
      tunnels.map((conn, index) => exchange(conn, index, () => isOver)),
    );
    talking.catch(() => {}); // It is awaited below, unless all else fails.
    await using load = startSteadyLoad({
      ports: [changing, same],
      target: echo.addr,
      rate: RATE,
    });
    for (let n = 1; n <= RELOADS; n++) {
      await load.more(BETWEEN);
      await replaceFile(path, configOf(n, places));
      sluice.kill("SIGHUP");
      const line = await sluice.line(/(Reloaded|Cannot reload) /, n);
      const [added, removed] = n % 2 ? [1, 0] : [0, 1];
      const change =
        `added ${added}, changed 1, removed ${removed}, unchanged 1`;
      assert(line.includes(change), line);
      const { conn, reply } = await ask(changing, other.addr);
      conn.close();
      assertEquals(reply, n % 2 ? 2 : 0, `rule ${n}`);
    }
    const { served, rate, failures } = await load.finish();
    isOver = true;
    const blocks = (await talking).reduce((sum, count) => sum + count, 0);
    for (const conn of tunnels) conn.close();
    assertEquals(failures, []);
    assertGreater(served, BETWEEN * RELOADS - 1);
    assertGreater(blocks, TUNNELS);
    sluice.kill("SIGTERM");
    assertEquals(await sluice.code(), 0);
    const rightly = ` > 127.0.0.1:${other.addr.port} `;
    const bad = sluice.lines.filter((line) =>
      /warning|error|refused|cut|failed|dropped/i.test(line) &&
      !line.includes("no connection was cut") && !line.includes(rightly)
    );
    assertEquals(bad, []);
    if (IS_FULL) say(served, rate, blocks);
  },
});

function say(served: number, rate: number, blocks: number): void {
  const line =
    `${RELOADS} reloads: ${served} connections, ${Math.round(rate)} of ` +
    `${RATE} a second, and ${blocks} blocks through ${TUNNELS} tunnels: ` +
    "none refused, dropped or changed\n";
  Deno.stdout.writeSync(new TextEncoder().encode(line));
}
