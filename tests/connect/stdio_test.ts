import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Stdio, type StdioOptions } from "../../lib/connect/stdio.ts";
import { within } from "../support/sockets.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Standard input and output, with other ends that the test controls. */
function fake(chunks: string[], options: Partial<StdioOptions> = {}) {
  const printed: string[] = [];
  const warnings: string[] = [];
  let isClosed = false;
  const input = {
    read(buffer: Uint8Array) {
      const chunk = chunks.shift();
      if (chunk === undefined) return Promise.resolve(null);
      buffer.set(encode(chunk));
      return Promise.resolve(encode(chunk).length);
    },
  };
  const output = {
    // As few bytes at a time as a system may accept.
    write(bytes: Uint8Array) {
      printed.push(decode(bytes.subarray(0, 1)));
      return Promise.resolve(Math.min(1, bytes.length));
    },
    close() {
      isClosed = true;
    },
  };
  const stdio = new Stdio(input, output, {
    ...{ isTyped: false, isShown: false, raw: false },
    warn: (message) => warnings.push(message),
    ...options,
  });
  return {
    stdio,
    warnings,
    printed: () => printed.join(""),
    isClosed: () => isClosed,
  };
}

/** Reads to the end, a number of bytes at a time. */
async function readAll(stdio: Stdio, size: number): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(size);
  for (let count; (count = await stdio.read(buffer)) !== null;) {
    text += decode(buffer.subarray(0, count));
  }
  return text;
}

Deno.test("Stdio carries bytes unchanged, and closes a pipe at the end", async () => {
  const { stdio, printed, isClosed } = fake(["a\n", "b"]);
  assertEquals(await readAll(stdio, 10), "a\nb");
  assertEquals(await stdio.write(encode("\x1b[1mx")), 5);
  assertEquals(printed(), "\x1b[1mx");
  assertEquals(isClosed(), false);
  await stdio.closeWrite();
  assertEquals(isClosed(), true);
});

Deno.test("Stdio escapes control characters on a terminal unless raw is set", async () => {
  for (const raw of [false, true]) {
    const { stdio, printed, isClosed } = fake([], { isShown: true, raw });
    await stdio.write(encode("a\x1b["));
    assertEquals(stdio.isLineOpen, true);
    await stdio.write(encode("b\n"));
    assertEquals(stdio.isLineOpen, false);
    await stdio.closeWrite();
    assertEquals(printed(), raw ? "a\x1b[b\n" : "a\\u001b[b\n");
    assertEquals(isClosed(), false);
  }
});

Deno.test("Stdio warns about a line that a terminal may have truncated", async () => {
  const lines = ["x".repeat(4_094) + "\n", "x".repeat(4_095) + "\n"];
  const { stdio, warnings } = fake([...lines], { isTyped: true });
  assertEquals((await readAll(stdio, 4_096)).length, 4_095 + 4_096);
  assertEquals(warnings.length, 1);
  assertMatch(warnings[0]!, /^A line of 4095 characters was typed/);
});

Deno.test("Stdio ends the wait for input when disposed of", async () => {
  const never = Promise.withResolvers<number | null>();
  const stdio = new Stdio(
    { read: () => never.promise },
    { write: () => Promise.resolve(1), close() {} },
    {
      ...{ isTyped: true, isShown: true, raw: false },
      warn() {},
    },
  );
  const reading = assertRejects(
    () => stdio.read(new Uint8Array(1)),
    Deno.errors.Interrupted,
  );
  stdio[Symbol.dispose]();
  await within(5_000, reading);
});

Deno.test("Stdio refuses new reads and writes after it is disposed of", async () => {
  const never = Promise.withResolvers<number | null>();
  const stdio = new Stdio(
    { read: () => never.promise },
    { write: () => Promise.resolve(1), close() {} },
    {
      ...{ isTyped: true, isShown: true, raw: false },
      warn() {},
    },
  );
  stdio[Symbol.dispose]();
  await within(
    5_000,
    assertRejects(
      () => stdio.read(new Uint8Array(1)),
      Deno.errors.Interrupted,
    ),
  );
  await assertRejects(
    () => stdio.write(new Uint8Array(1)),
    Deno.errors.Interrupted,
  );
});
