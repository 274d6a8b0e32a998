import { assertEquals, assertRejects } from "@std/assert";
import { writeAll, writeAllSync } from "../../lib/net/write_all.ts";

/** Takes so many bytes at a time; fails once it has had `most`. */
function slowOutput(step: number, most = Infinity) {
  const taken: number[] = [];
  let calls = 0;
  return {
    taken,
    get calls() {
      return calls;
    },
    write(bytes: Uint8Array): Promise<number> {
      if (taken.length >= most) return Promise.reject(new Error("full"));
      calls++;
      const part = bytes.subarray(0, step);
      taken.push(...part);
      return Promise.resolve(part.length);
    },
  };
}

Deno.test("writeAll() writes everything in order, whatever is taken at a time", async () => {
  const bytes = Uint8Array.from({ length: 10 }, (_, n) => n);
  for (const [step, calls] of [[1, 10], [3, 4], [9, 2], [10, 1], [11, 1]]) {
    const output = slowOutput(step!);
    const count = { sent: 5 };
    await writeAll(output, bytes, count);
    assertEquals(output.taken, [...bytes]);
    assertEquals([output.calls, count.sent], [calls, 15]);
  }
});

Deno.test("writeAll() does not call for nothing", async () => {
  const output = slowOutput(1);
  await writeAll(output, new Uint8Array());
  assertEquals(output.calls, 0);
});

Deno.test("writeAll() counts the bytes written before it failed", async () => {
  const output = slowOutput(4, 8);
  const count = { sent: 0 };
  const writing = writeAll(output, new Uint8Array(10), count);
  await assertRejects(() => writing, Error, "full");
  assertEquals(count.sent, 8);
});

Deno.test("writeAllSync() writes everything in order", () => {
  const taken: number[] = [];
  const output = {
    writeSync(bytes: Uint8Array): number {
      taken.push(...bytes.subarray(0, 3));
      return Math.min(bytes.length, 3);
    },
  };
  writeAllSync(output, Uint8Array.of(1, 2, 3, 4, 5, 6, 7));
  assertEquals(taken, [1, 2, 3, 4, 5, 6, 7]);
});
