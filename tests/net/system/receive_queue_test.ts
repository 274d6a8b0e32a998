import { assertEquals } from "@std/assert";
import { prepareCLibrary } from "../../../lib/net/system/c_library.ts";
import { openWithLongQueue } from "../../../lib/net/system/receive_queue.ts";
import { HAS_IPV6 } from "../../support/dialogue.ts";
import {
  MOST_HELD,
  placeOf,
  receiveFrom,
  udpSocket,
} from "../../support/udp.ts";

prepareCLibrary(); // Held for as long as the program runs.

function listen(hostname: string, port = 0): Deno.DatagramConn {
  return Deno.listenDatagram({ transport: "udp", hostname, port });
}

/** Fails unless a socket that nobody reads from holds a burst; closes it. */
async function assertHolds(socket: Deno.DatagramConn): Promise<void> {
  using from = udpSocket(placeOf(socket).hostname);
  try {
    for (let n = 0; n < MOST_HELD; n++) {
      await from.send(new Uint8Array(1_400).fill(n), placeOf(socket));
    }
    for (let n = 0; n < MOST_HELD; n++) {
      assertEquals((await receiveFrom(socket))[0][0], n);
    }
  } finally {
    socket.close();
  }
}

for (const hostname of ["127.0.0.1", "::1"]) {
  Deno.test({
    name: `openWithLongQueue() holds a burst of 1400 bytes each on ${hostname}`,
    ignore: hostname === "::1" && !HAS_IPV6,
    async fn() {
      const socket = openWithLongQueue(() => listen(hostname));
      await assertHolds(socket);
    },
  });
}

Deno.test(
  "openWithLongQueue() finds the socket when another took the next descriptor, among others on its port",
  {
    ignore: Deno.build.os !== "linux", // Others have 127.0.0.1 alone.
  },
  async () => {
    using stack = new DisposableStack();
    const tcp = stack.use(Deno.listen({ hostname: "127.0.0.1", port: 0 }));
    const { port } = tcp.addr;
    stack.use(udpSocket("127.0.0.2", port));
    const socket = openWithLongQueue(() => {
      stack.use(Deno.listen({ hostname: "127.0.0.1", port: 0 }));
      return listen("127.0.0.1", port);
    });
    await assertHolds(socket);
  },
);

Deno.test("openWithLongQueue() opens a socket without the permission, and does not ask for it", async () => {
  const path = new URL(
    "../../../lib/net/system/receive_queue.ts",
    import.meta.url,
  );
  const program = `
    import { openWithLongQueue } from "${path}";
    const options = { transport: "udp", hostname: "127.0.0.1", port: 0 };
    openWithLongQueue(() => Deno.listenDatagram(options)).close();
    console.log("closed");`;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--unstable-net", "--allow-net", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(program));
  await writer.close();
  const { stdout, stderr } = await process.output();
  const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals(said, ["closed\n", ""]);
});
