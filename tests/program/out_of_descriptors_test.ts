import { assert, assertEquals } from "@std/assert";
import { TextLineStream } from "@std/streams";
import { connectRequest, GREETING } from "../support/proxy.ts";
import {
  readExactly,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";

const ROOT = new URL("../../", import.meta.url);
const isLinux = Deno.build.os === "linux";

/** The program with 64 descriptors, and what it has said so far. */
interface Cramped extends AsyncDisposable {
  addr: { hostname: string; port: number };
  lines: string[];
  stop(): Promise<number>;
}

async function startCramped(permissions: string[]): Promise<Cramped> {
  const child = new Deno.Command("sh", {
    args: [
      "-c",
      'ulimit -n 64 && exec "$@"',
      "sh",
      Deno.execPath(),
      "run",
      "--no-prompt",
      ...permissions,
      "main.ts",
      "--listen=127.0.0.1:0",
      "--handshake-timeout=2s",
    ],
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const lines: string[] = [];
  const listening = Promise.withResolvers<number>();
  const reading = (async () => {
    const stream = child.stderr
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    for await (const line of stream) {
      lines.push(line);
      const port = /Listening on 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (port !== undefined) listening.resolve(Number(port));
    }
  })();
  const port = await within(20_000, listening.promise);

  async function stop(): Promise<number> {
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended already; its code tells.
    }
    const { code } = await child.status;
    await reading;
    return code;
  }

  return {
    addr: { hostname: "127.0.0.1", port },
    lines,
    stop,
    [Symbol.asyncDispose]: async () => void await stop(),
  };
}

/** Asks for a tunnel all at once, and does not wait for the answer. */
async function ask(
  { addr }: Cramped,
  port: number,
): Promise<Deno.TcpConn> {
  const conn = await Deno.connect(addr);
  await writeAll(conn, [...GREETING, ...connectRequest("127.0.0.1", port)]);
  return conn;
}

/**
 * Asks again for as long as the answer is that descriptors are out: those of
 * the clients that have just left come back one by one.
 */
async function untilServed(
  program: Cramped,
  port: number,
): Promise<Deno.TcpConn> {
  while (true) {
    const conn = await ask(program, port);
    const answer = await readExactly(conn, 12);
    assertEquals([...answer.subarray(0, 3)], [5, 0, 5]);
    if (answer[3] === 0) return conn;
    assertEquals(answer[3], 1);
    conn.close();
  }
}

const CASES = [
  // It knows the limit, and accepts what has room.
  { name: "it knows the limit", permissions: ["-A"], warnings: 0 },
  // It may not read the limit, and runs into it.
  {
    name: "it runs into the limit",
    permissions: ["--allow-net", "--allow-env"],
    warnings: 1,
  },
];

for (const { name, permissions, warnings } of CASES) {
  Deno.test({
    name: `main() outlives 200 clients with 64 descriptors when ${name}`,
    ignore: !isLinux,
    async fn() {
      await using echo = startEcho();
      await using program = await startCramped(permissions);
      const clients: Deno.TcpConn[] = [];
      for (let n = 0; n < 200; n++) {
        clients.push(await ask(program, echo.addr.port));
      }
      // Some were served: at least the first has its tunnel, or its refusal.
      assertEquals((await within(5_000, readExactly(clients[0]!, 3)))[0], 5);
      for (const client of clients) client.close();
      using last = await within(
        20_000,
        untilServed(program, echo.addr.port),
      );
      await writeAll(last, "still here");
      const back = await within(5_000, readExactly(last, 10));
      assertEquals(new TextDecoder().decode(back), "still here");
      last.close();
      assertEquals(await program.stop(), 0, program.lines.join("\n"));
      const warned = program.lines.filter((line) => line.includes("warning"));
      assertEquals(warned.length, warnings, warned.join("\n"));
      assert(program.lines.every((line) => !line.includes("Internal error")));
    },
  });
}
