import { assert, assertEquals } from "@std/assert";
import { MODULES } from "../../lib/cli/own_modules.ts";
import { connectRequest, GREETING } from "../support/proxy.ts";
import { Sluice } from "../support/sluice.ts";
import {
  readExactly,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";

const isLinux = Deno.build.os === "linux";

/** Asks for a tunnel all at once, and does not wait for the answer. */
async function ask(
  program: Sluice,
  port: number,
): Promise<Deno.TcpConn> {
  const conn = await program.connect();
  await writeAll(conn, [...GREETING, ...connectRequest("127.0.0.1", port)]);
  return conn;
}

/**
 * Asks again for as long as the answer is that descriptors are out: those of
 * the clients that have just left come back one by one.
 */
async function untilServed(
  program: Sluice,
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
    permissions: ["--allow-net", "--allow-env", `--allow-read=${MODULES}`],
    warnings: 1,
  },
];

for (const { name, permissions, warnings } of CASES) {
  Deno.test({
    name: `main() outlives 200 clients with 64 descriptors when ${name}`,
    ignore: !isLinux,
    async fn() {
      await using echo = startEcho();
      await using program = new Sluice(
        {
          permissions: ["--no-prompt", ...permissions],
          prefix: ["sh", "-c", 'ulimit -n 64 && exec "$@"', "sh"],
        },
        "--handshake-timeout=2s",
      );
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
      program.kill("SIGTERM");
      assertEquals(await program.code(), 0, program.lines.join("\n"));
      const warned = program.lines.filter((line) => line.includes("warning"));
      assertEquals(warned.length, warnings, warned.join("\n"));
      assert(program.lines.every((line) => !line.includes("Internal error")));
    },
  });
}
