import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { connectRequest, greet, readReply } from "../support/proxy.ts";
import { makeFolder, run, testPrograms } from "../support/programs.ts";
import { PATIENCE } from "../support/running_program.ts";
import { Sluice } from "../support/sluice.ts";
import {
  closedPort,
  readExactly,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";

const CONFIG =
  new URL("../../scripts/deploy/haproxy.cfg", import.meta.url).pathname;

testPrograms({
  name: "haproxy.cfg passes haproxy -c without a warning",
  needs: ["haproxy"],
  async fn({ haproxy }) {
    const { code, text, stderr } = await run(haproxy, ["-c", "-f", CONFIG]);
    assertEquals(code, 0, stderr);
    assertStringIncludes(text + stderr, "Configuration file is valid");
    assertEquals(/warning/i.test(text + stderr), false, text + stderr);
  },
});

testPrograms({
  name: "haproxy.cfg spreads connections over machines, which know the client",
  needs: ["haproxy"],
  async fn({ haproxy }) {
    await using first = startMachine();
    await using second = startMachine();
    await using echo = startEcho();
    await using folder = await makeFolder();
    const port = closedPort();
    const machines = [await first.port(), await second.port()];
    const text = adapt(await Deno.readTextFile(CONFIG), port, machines);
    const path = `${folder.path}/haproxy.cfg`;
    await Deno.writeTextFile(path, text);
    const child = new Deno.Command(haproxy, {
      args: ["-db", "-f", path],
      stdout: "null",
      stderr: "null",
    }).spawn();
    try {
      const clients: string[] = [];
      for (let n = 0; n < 2; n++) {
        using conn = await connectSoon(port);
        const { hostname, port: own } = conn.localAddr as Deno.NetAddr;
        clients.push(`${hostname}:${own} `);
        await greet(conn);
        await writeAll(conn, connectRequest("127.0.0.1", echo.addr.port));
        assertEquals((await readReply(conn)).reply, 0);
        await writeAll(conn, [7]);
        assertEquals(await readExactly(conn, 1), Uint8Array.of(7));
      }
      for (const [index, sluice] of [first, second].entries()) {
        const line = await sluice.line(/ ok +socks5 +127\.0\.0\.1:/);
        assertMatch(line, new RegExp(clients.join("|")), `machine ${index}`);
      }
    } finally {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await child.status;
    }
  },
});

function startMachine(): Sluice {
  const from = "--accept-proxy-from=127.0.0.1";
  return new Sluice("--accept-proxy=required", from);
}

/** With few descriptors, and without the checks, which ask the admin listener of each machine. */
function adapt(text: string, port: number, machines: number[]): string {
  const servers = machines.map((machine, index) =>
    `    server sluice${index + 1} 127.0.0.1:${machine}`
  );
  return text
    .replace("maxconn 100000", "maxconn 100")
    .replace("bind :1080", `bind 127.0.0.1:${port}`)
    .replace(/check port 9090.* send-proxy-v2/, "send-proxy-v2")
    .replace(/(?: {4}server sluice.*\n)+/, `${servers.join("\n")}\n`);
}

/** As soon as it listens. */
async function connectSoon(port: number): Promise<Deno.TcpConn> {
  async function attempt(): Promise<Deno.TcpConn> {
    while (true) {
      try {
        return await Deno.connect({ hostname: "127.0.0.1", port });
      } catch (error) {
        if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }
  return await within(PATIENCE, attempt());
}
