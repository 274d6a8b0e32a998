import { assert, assertEquals } from "@std/assert";
import { makeFolder } from "../../support/programs.ts";
import { connectRequest, readReply } from "../../support/proxy.ts";
import { credentials, join } from "../../support/dialogue.ts";
import {
  readExactly,
  readToEnd,
  startEcho,
  within,
  writeAll,
} from "../../support/sockets.ts";
import { Sluice } from "../../support/sluice.ts";

/** Starts the program with a quota in a folder that it may write to. */
function start(folder: string): Sluice {
  return new Sluice(
    {
      permissions: [
        ...["--no-prompt", "--allow-net"],
        ...[`--allow-read=${folder}`, `--allow-write=${folder}`],
      ],
    },
    "--user=alice:secret",
    "--quota-per-user=100KB",
    `--quota-file=${folder}/quota.json`,
  );
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
    await using folder = await makeFolder();
    const { path } = folder;
    {
      await using first = start(path);
      assertEquals(await carry(await first.port(), 30_000), 0);
      first.kill("SIGTERM");
      await first.code();
    }
    {
      await using second = start(path);
      assertEquals(await carry(await second.port(), 30_000), 0);
      assertEquals(await carry(await second.port(), 30_000), 1);
      second.kill("SIGTERM");
      await second.line(/The daily quota of 100 kB for alice is used up/);
      await second.code();
    }
    const text = await Deno.readTextFile(`${path}/quota.json`);
    assertEquals(JSON.parse(text).bytes, { alice: 120_000 });

    await Deno.writeTextFile(`${path}/quota.json`, text.slice(0, 20));
    await using third = start(path);
    assertEquals(await third.code(), 1);
    await third.line(new RegExp(`Cannot read quota file ${path}/`));
    assert(!third.lines.at(-1)!.startsWith("    at "));
  },
);
