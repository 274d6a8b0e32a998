import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { JsonChannel } from "../../lib/connect/json_channel.ts";
import type { ByteChannel } from "../../lib/net/connection.ts";
import { eventually } from "../support/dialogue.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A channel with another end that the test controls. */
function fake(chunks: string[], write?: ByteChannel["write"]) {
  const warnings: string[] = [];
  const state = { printed: "", isClosed: false, isDisposed: false };
  const channel: ByteChannel = {
    read(buffer) {
      const chunk = chunks.shift();
      if (chunk === undefined) return Promise.resolve(null);
      const { read, written } = new TextEncoder().encodeInto(chunk, buffer);
      if (read < chunk.length) chunks.unshift(chunk.slice(read));
      return Promise.resolve(written);
    },
    write: write ?? ((bytes) => {
      state.printed += decode(bytes.subarray(0, 1));
      return Promise.resolve(Math.min(1, bytes.length));
    }),
    closeWrite() {
      state.isClosed = true;
      return Promise.resolve();
    },
    [Symbol.dispose]() {
      state.isDisposed = true;
    },
  };
  const lines = new JsonChannel(channel, (message) => warnings.push(message));
  return { lines, warnings, state };
}

async function readAll(lines: JsonChannel, size: number): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(size);
  for (let count; (count = await lines.read(buffer)) !== null;) {
    text += decode(buffer.subarray(0, count));
  }
  return text;
}

Deno.test("JsonChannel passes JSON both ways and counts refused lines", async () => {
  for (const size of [3, 1024]) {
    const { lines, warnings, state } = fake(['{"a"', ":1}\nno\n[", "2]\n3"]);
    assertEquals(await readAll(lines, size), '{"a":1}\n[2]\n3\n');
    const bytes = encode('"x"\noops\n"y');
    assertEquals(await lines.write(bytes), bytes.length);
    bytes.fill(0); // The caller reuses its buffer.
    assertEquals(await eventually(() => state.printed === '"x"\n'), true);
    await lines.write(encode('"'));
    assertEquals([state.printed, state.isClosed], ['"x"\n', false]);
    await lines.closeWrite();
    assertEquals([state.printed, state.isClosed], ['"x"\n"y"\n', true]);
    assertEquals(lines.refused, 2);
    assertMatch(warnings[0]!, /^Line 2 is not sent: it is not JSON: /);
    assertMatch(
      warnings[1]!,
      /^Line 2 of the target is not printed: it is not/,
    );
    lines[Symbol.dispose]();
    assertEquals(state.isDisposed, true);
  }
});

Deno.test("JsonChannel reports 100 refused lines, then that more follow", async () => {
  const { lines, warnings } = fake(["no\n".repeat(150)]);
  assertEquals(await readAll(lines, 10), "");
  assertEquals([lines.refused, warnings.length], [150, 101]);
  assertEquals(
    warnings.at(-1),
    "More lines were left out; Sluice only counts them",
  );
});

Deno.test("JsonChannel throws the output's error to the writer", async () => {
  const failing = () => Promise.reject(new Deno.errors.BrokenPipe("gone"));
  const { lines } = fake([], failing);
  await assertRejects(async () => {
    while (true) await lines.write(encode("1\n"));
  }, Deno.errors.BrokenPipe);
});
