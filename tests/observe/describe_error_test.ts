import { assertEquals } from "@std/assert";
import { describeError } from "../../lib/observe/describe_error.ts";
import { DialError } from "../../lib/net/dial_error.ts";
import { timeoutError } from "../../lib/sync/context.ts";

const { errors } = Deno;

const CASES: { error: unknown; words: string }[] = [
  { error: new errors.ConnectionReset("x"), words: "connection reset" },
  { error: new errors.ConnectionAborted("x"), words: "connection aborted" },
  {
    error: new errors.BrokenPipe("x"),
    words: "connection closed while written to",
  },
  { error: new errors.NotConnected("x"), words: "connection gone" },
  { error: new errors.TimedOut("x"), words: "connection timed out" },
  { error: new errors.UnexpectedEof("x"), words: "client closed" },
  {
    error: new Error("No route to host (os error 113)"),
    words: "No route to host",
  },
  { error: new Error("(os error 1) first"), words: "(os error 1) first" },
  { error: new DialError("refused", "Cannot reach"), words: "Cannot reach" },
  {
    error: timeoutError(500, "Idle time"),
    words: "Idle time of 0.5 s has passed",
  },
  { error: "text", words: "text" },
  { error: undefined, words: "undefined" },
  { error: 7, words: "7" },
];

for (const { error, words } of CASES) {
  Deno.test(`describeError() returns "${words}" when given ${error}`, () => {
    assertEquals(describeError(error), words);
  });
}

Deno.test("describeError() names a reset when a real connection is reset", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const accepted = await listener.accept();
  conn.close();
  const buffer = new Uint8Array(1);
  assertEquals(await accepted.read(buffer), null);
  let error: unknown;
  try {
    // The peer answers the first write with RST, which makes a later write
    // fail.
    while (true) await accepted.write(buffer);
  } catch (thrown) {
    error = thrown;
  }
  accepted.close();
  const words = ["connection reset", "connection closed while written to"];
  assertEquals(words.includes(describeError(error)), true);
});
