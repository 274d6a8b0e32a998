import { assertEquals } from "@std/assert";
import { HAS_RESETS, receive, resetAndClose } from "../support/reset_ends.ts";
import { Sluice } from "../support/sluice.ts";
import { readExactly, within, writeAll } from "../support/sockets.ts";

/** Without the permission for FFI. */
const SOME = [
  "--no-prompt",
  "--allow-net",
  "--allow-read",
  "--allow-env",
  "--allow-sys",
];

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
      await using sluice = new Sluice({ permissions }, ...args);
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      for (const end of ["client", "target"] as const) {
        const [client, target] = await Promise.all([
          sluice.openTunnel(listener.addr),
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
      await using echo = new Sluice(
        { permissions },
        ...["echo", "127.0.0.1:0", "--reset-after", "5", ...args],
      );
      using conn = await echo.connect();
      await writeAll(conn, [1, 2]);
      assertEquals([...await readExactly(conn, 2)], [1, 2]);
      await writeAll(conn, [3, 4, 5]);
      const { bytes, end } = await within(5_000, receive(conn));
      assertEquals([...bytes, end], [3, 4, 5, "RST"]);
    },
  });
}
