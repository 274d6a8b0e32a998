import { assertEquals } from "@std/assert";
import { HAS_RESETS, receive, resetAndClose } from "../support/reset_ends.ts";
import { openTunnel } from "../support/proxy.ts";
import { Sluice } from "../support/sluice.ts";
import {
  closedPort,
  readExactly,
  within,
  writeAll,
} from "../support/sockets.ts";
import { makeFolder } from "../support/programs.ts";

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
  permissions: string[];
  workers: number;
  /** How a tunnel ends after a reset, if nothing is set. */
  want: "FIN" | "RST";
}

const CASES: Case[] = [
  {
    name: "with all permissions",
    permissions: ["-A"],
    workers: 1,
    want: "RST",
  },
  { name: "in several threads", permissions: ["-A"], workers: 2, want: "RST" },
  // The echo server resets by node:net.
  { name: "without --allow-ffi", permissions: SOME, workers: 1, want: "FIN" },
];

for (const { name, permissions, workers, want } of CASES) {
  Deno.test({
    name: `sluice relays and sends resets ${name}`,
    ignore: !HAS_RESETS,
    async fn(t) {
      await using folder = await makeFolder();
      const path = `${folder.path}/sluice.json`;
      const [proxy, off, echo] = [closedPort(), closedPort(), closedPort()];
      const listeners = [
        { kind: "proxy", listen: proxy },
        { kind: "proxy", listen: off, "reset-relay": "off" },
        { kind: "echo", listen: echo, "reset-after": 5 },
      ];
      await Deno.writeTextFile(path, JSON.stringify({ workers, listeners }));
      await using sluice = new Sluice({ permissions }, "run", "-c", path);
      await sluice.line(/Listening on/, listeners.length);
      await t.step(`a proxy ends with ${want}`, () => assertEnds(proxy, want));
      await t.step(
        "a proxy with --reset-relay off ends with FIN",
        () => assertEnds(off, "FIN"),
      );
      await t.step("an echo server resets", () => assertResets(echo));
    },
  });
}

/** Resets one end of tunnels, and checks how the other one ends. */
async function assertEnds(port: number, want: "FIN" | "RST"): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connect = () => Deno.connect({ hostname: "127.0.0.1", port });
  for (const end of ["client", "target"] as const) {
    const [client, target] = await Promise.all([
      openTunnel({ connect }, listener.addr),
      listener.accept(),
    ]);
    const [near, far] = end === "client" ? [client, target] : [target, client];
    await writeAll(near, [1, 2, 3]);
    await resetAndClose(near);
    const received = await within(5_000, receive(far));
    assertEquals([...received.bytes, received.end], [1, 2, 3, want]);
    far.close();
  }
}

async function assertResets(port: number): Promise<void> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await writeAll(conn, [1, 2]);
  assertEquals([...await readExactly(conn, 2)], [1, 2]);
  await writeAll(conn, [3, 4, 5]);
  const { bytes, end } = await within(5_000, receive(conn));
  assertEquals([...bytes, end], [3, 4, 5, "RST"]);
}
