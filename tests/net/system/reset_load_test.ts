/**
 * Resets among many descriptors. `SLUICE_RESET_DESCRIPTORS=16000`, as in
 * `deno task reset-load`, makes it the full size, and prints what was measured.
 *
 * @module
 */

import { assert, assertEquals, assertLess } from "@std/assert";
import { resetSocket } from "../../../lib/net/system/reset_socket.ts";
import { eventually } from "../../support/dialogue.ts";
import { HAS_RESETS, receive } from "../../support/reset_ends.ts";
import { readExactly, within, writeAll } from "../../support/sockets.ts";
import { pass } from "../../support/time.ts";

const DESCRIPTORS = Number(Deno.env.get("SLUICE_RESET_DESCRIPTORS") ?? 1_000);
const IS_FULL = Deno.env.has("SLUICE_RESET_DESCRIPTORS");

/** Resets at once. */
const RESETS = IS_FULL ? 500 : 100;

/** Milliseconds that anything else may have to wait longer than without. */
const MOST_DELAY = IS_FULL ? 20 : 250;

/** Milliseconds for everything. */
const PATIENCE = 20_000;

type Pair = [near: Deno.TcpConn, far: Deno.TcpConn];

async function openPairs(count: number): Promise<Pair[]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const pairs: Pair[] = [];
  while (pairs.length < count) {
    pairs.push(await Promise.all([listener.accept(), Deno.connect({ port })]));
  }
  return pairs;
}

/** Measures how late timers are. */
function watchDelay(): { stop(): number } {
  let most = 0;
  let last = performance.now();
  let timer = setTimeout(tick, 1);
  function tick(): void {
    const now = performance.now();
    most = Math.max(most, now - last - 1);
    last = now;
    timer = setTimeout(tick, 1);
  }
  return {
    stop() {
      clearTimeout(timer);
      return most;
    },
  };
}

function openDescriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

Deno.test({
  name:
    `resetSocket() resets ${RESETS} connections at once among ${DESCRIPTORS} descriptors, and holds nothing up`,
  ignore: !HAS_RESETS,
  async fn() {
    const held = openDescriptors();
    const pairs = await openPairs(DESCRIPTORS / 2);
    const step = Math.floor(pairs.length / RESETS);
    const chosen = pairs.filter((_, n) => n % step === 0).slice(0, RESETS);
    assertEquals(chosen.length, RESETS);
    for (const [near] of chosen) await writeAll(near, [1, 2, 3]);
    const receiving = chosen.map(([, far]) => receive(far, 16));
    const idle = watchDelay();
    await pass(200);
    const before = idle.stop(); // The machine may be busy with other things.
    const delay = watchDelay();
    const started = performance.now();
    const reset = Promise.all(chosen.map(async ([near]) => {
      assert(await resetSocket(near, 10_000)!.done);
      near.close();
    }));
    await within(PATIENCE, reset);
    const ends = await within(PATIENCE, Promise.all(receiving));
    const time = performance.now() - started;
    const most = delay.stop();
    if (IS_FULL) {
      // deno-lint-ignore no-console
      console.log(
        `${time.toFixed(0)} ms, loop delay ${most.toFixed(1)} ms, ${
          before.toFixed(1)
        } ms before`,
      );
    }
    for (const { bytes, end } of ends) {
      assertEquals([...bytes, end], [1, 2, 3, "RST"]);
    }
    assertLess(most, MOST_DELAY + before);
    // The others are as they were.
    const gone = new Set(chosen);
    for (const pair of pairs) {
      if (gone.has(pair)) continue;
      await writeAll(pair[0], [7]);
      assertEquals((await readExactly(pair[1], 1))[0], 7);
    }
    for (const pair of pairs) for (const conn of pair) conn[Symbol.dispose]();
    // The runtime may hold a few of its own by now.
    assert(await eventually(() => openDescriptors() < held + 16));
  },
});
