import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { connectRequest, readReply } from "../../support/proxy.ts";
import { credentials, join } from "../../support/dialogue.ts";
import {
  readExactly,
  readToEnd,
  startEcho,
  within,
  writeAll,
} from "../../support/sockets.ts";

const ROOT = new URL("../../../", import.meta.url);

/** Starts the program with a quota in a folder that it may write to. */
function start(folder: string) {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-net",
      `--allow-read=${folder}`,
      `--allow-write=${folder}`,
      "main.ts",
      "--listen=127.0.0.1:0",
      "--user=alice:secret",
      "--quota-per-user=100KB",
      `--quota-file=${folder}/quota.json`,
    ],
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let log = "";

  async function read(): Promise<boolean> {
    const { value, done } = await within(20_000, reader.read());
    log += value ?? "";
    return !done;
  }

  return {
    async port(): Promise<number> {
      while (!/127\.0\.0\.1:\d+/.test(log)) assert(await read(), log);
      return Number(/127\.0\.0\.1:(\d+)/.exec(log)![1]);
    },
    async stop(): Promise<string> {
      child.kill("SIGTERM");
      while (await read());
      await child.status;
      return log;
    },
    async end(): Promise<{ code: number; log: string }> {
      while (await read());
      return { code: (await child.status).code, log };
    },
  };
}

/** Carries bytes to an echo server and back; tells the reply's code. */
async function carry(port: number, count: number): Promise<number> {
  await using echo = startEcho();
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const said = join([5, 1, 2], credentials("alice", "secret"));
  await writeAll(
    conn,
    join(said, connectRequest("127.0.0.1", echo.addr.port)),
  );
  await readExactly(conn, 4);
  const { reply } = await within(5_000, readReply(conn));
  if (reply !== 0) return reply;
  await writeAll(conn, new Uint8Array(count));
  await conn.closeWrite();
  await within(5_000, readToEnd(conn));
  return 0;
}

Deno.test(
  "proxy keeps its quota over a restart, and does not start from a broken file",
  {
    ignore: Deno.build.os === "windows", // It has no SIGTERM.
  },
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      const first = start(folder);
      assertEquals(await carry(await first.port(), 30_000), 0);
      await first.stop();
      const second = start(folder);
      assertEquals(await carry(await second.port(), 30_000), 0);
      assertEquals(await carry(await second.port(), 30_000), 1);
      const log = await second.stop();
      assertStringIncludes(
        log,
        "The daily quota of 100 kB for alice is used up",
      );
      const text = await Deno.readTextFile(`${folder}/quota.json`);
      assertEquals(JSON.parse(text).bytes, { alice: 120_000 });

      await Deno.writeTextFile(`${folder}/quota.json`, text.slice(0, 20));
      const third = await start(folder).end();
      assertEquals(third.code, 1);
      assertStringIncludes(third.log, `Cannot read quota file ${folder}/`);
      assertEquals(
        third.log.trimEnd().split("\n").at(-1)?.includes("    at "),
        false,
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
