import { assertEquals } from "@std/assert";
import { discard } from "../../lib/net/discard.ts";
import { Duplex } from "../../lib/net/duplex.ts";
import { socketPair, within, writeAll } from "../support/sockets.ts";

Deno.test("discard() reads to the end, and returns whether it came", async () => {
  for (
    const [length, most, isEnd] of [
      [0, 0, true],
      [1, 0, false],
      [10, 10, true],
      [11, 10, false],
      [5_000, 10_000, true],
    ] as const
  ) {
    const [peer, conn] = await socketPair();
    const duplex = new Duplex(conn);
    await writeAll(peer, new Uint8Array(length));
    await peer.closeWrite();
    assertEquals(await within(5_000, discard(duplex, most)), isEnd);
    assertEquals(duplex.received, length);
    assertEquals(duplex.readable.locked, false);
    duplex.close();
    peer.close();
  }
});
