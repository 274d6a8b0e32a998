import { assertEquals } from "@std/assert";
import { TextLineStream } from "@std/streams";
import { openTunnel, type TestProxy } from "../support/proxy.ts";
import { HAS_RESETS, receive, resetAndClose } from "../support/reset_ends.ts";
import { readExactly, within, writeAll } from "../support/sockets.ts";

const ROOT = new URL("../../", import.meta.url);

/** Without the permission for FFI. */
const SOME = ["--allow-net", "--allow-read", "--allow-env", "--allow-sys"];

interface Program extends AsyncDisposable {
  port: number;
}

/** Starts the program with some permissions, and waits until it listens. */
async function start(
  permissions: string[],
  args: string[],
): Promise<Program> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...permissions, "main.ts", ...args],
    cwd: ROOT,
    env: { SLUICE_USERS: "", NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const { promise, resolve } = Promise.withResolvers<number>();
  const reading = (async () => {
    const lines = child.stderr.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    for await (const line of lines) {
      const port = /Listening on 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (port !== undefined) resolve(Number(port));
    }
  })();
  return {
    port: await within(30_000, promise),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await reading;
    },
  };
}

interface Case {
  name: string;
  permissions?: string[];
  args?: string[];
  want: "FIN" | "RST";
}

const PROXIES: Case[] = [
  { name: "relays a reset", want: "RST" },
  {
    name: "relays a reset from several threads",
    args: ["--workers", "2"],
    want: "RST",
  },
  {
    name: "ends in the ordinary way with --reset-relay off",
    args: ["--reset-relay", "off"],
    want: "FIN",
  },
  {
    name: "ends in the ordinary way without --allow-ffi",
    permissions: SOME,
    want: "FIN",
  },
];

for (const { name, permissions = ["-A"], args = [], want } of PROXIES) {
  Deno.test({
    name: `sluice ${name}`,
    ignore: !HAS_RESETS,
    async fn() {
      await using sluice = await start(
        permissions,
        ["--listen", "127.0.0.1:0", ...args],
      );
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const proxy = {
        connect: () => Deno.connect({ port: sluice.port }),
      } as TestProxy;
      for (const end of ["client", "target"] as const) {
        const [client, target] = await Promise.all([
          openTunnel(proxy, listener.addr),
          listener.accept(),
        ]);
        const [near, far] = end === "client"
          ? [client, target]
          : [target, client];
        await writeAll(near, [1, 2, 3]);
        await resetAndClose(near);
        const received = await within(5_000, receive(far));
        assertEquals([...received.bytes, received.end], [1, 2, 3, want]);
        far.close();
      }
    },
  });
}

const ECHOES: Omit<Case, "want">[] = [
  { name: "with all permissions" },
  { name: "in several threads", args: ["--workers", "2"] },
  { name: "without --allow-ffi, by node:net", permissions: SOME },
];

for (const { name, permissions = ["-A"], args = [] } of ECHOES) {
  Deno.test({
    name: `sluice echo --reset-after resets ${name}`,
    ignore: !HAS_RESETS,
    async fn() {
      await using echo = await start(
        permissions,
        ["echo", "127.0.0.1:0", "--reset-after", "5", ...args],
      );
      using conn = await Deno.connect({ port: echo.port });
      await writeAll(conn, [1, 2]);
      assertEquals([...await readExactly(conn, 2)], [1, 2]);
      await writeAll(conn, [3, 4, 5]);
      const { bytes, end } = await within(5_000, receive(conn));
      assertEquals([...bytes, end], [3, 4, 5, "RST"]);
    },
  });
}
