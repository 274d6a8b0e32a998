import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Duplex } from "../../lib/net/duplex.ts";
import { resetDuplex, type ResetRelay } from "../../lib/net/reset_relay.ts";
import {
  type End,
  tunnel,
  type TunnelOptions,
  type TunnelResult,
} from "../../lib/net/tunnel.ts";
import { Context } from "../../lib/sync/context.ts";
import { eventually, pattern, sha256 } from "../support/dialogue.ts";
import { HAS_RESETS, receive, resetAndClose } from "../support/reset_ends.ts";
import { socketPair, within, writeAll } from "../support/sockets.ts";
import { pass } from "../support/time.ts";

/** What one end does: says three bytes, ends, goes, or resets. */
type Act = "says" | "fin" | "close" | "reset";
type Step = `${End} ${Act}`;

interface Order {
  steps: readonly Step[];
  /** How the tunnel ends; the end that failed, where it is cut. */
  result: "ok" | End;
  /** What each end sees at last, where it is still there. */
  client?: "FIN" | "RST";
  target?: "FIN" | "RST";
}

const ORDERS: readonly Order[] = [
  {
    steps: ["client fin", "target fin"],
    ...{ result: "ok", client: "FIN", target: "FIN" },
  },
  {
    steps: ["target fin", "client fin"],
    ...{ result: "ok", client: "FIN", target: "FIN" },
  },
  {
    steps: ["client fin", "target says", "target close"],
    ...{ result: "ok", client: "FIN" },
  },
  {
    steps: ["target says", "target close", "client says", "client close"],
    result: "ok",
  },
  // In the middle of data.
  {
    steps: ["client says", "target says", "client reset"],
    ...{ result: "client", target: "RST" },
  },
  {
    steps: ["client says", "target says", "target reset"],
    ...{ result: "target", client: "RST" },
  },
  {
    steps: ["client says", "client fin", "target reset"],
    ...{ result: "target", client: "RST" },
  },
  {
    steps: ["client says", "client fin", "target says", "target reset"],
    ...{ result: "target", client: "RST" },
  },
  {
    steps: ["target says", "target fin", "client says", "client reset"],
    ...{ result: "client", target: "RST" },
  },
  // A farewell that was not read to its end: PostgreSQL's, inside of TLS.
  {
    steps: [
      ...["client says", "target says", "client close"] as const,
      ...["target says", "target reset"] as const,
    ],
    result: "ok",
  },
  {
    steps: ["client says", "target says", "client fin", "target reset"],
    ...{ result: "ok", client: "RST" },
  },
  {
    steps: ["client says", "target says", "target fin", "client reset"],
    ...{ result: "ok", target: "RST" },
  },
  // The end that resets had sent all it had to send.
  {
    steps: ["client says", "client fin", "client reset", "target says"],
    ...{ result: "ok", target: "FIN" },
  },
  {
    steps: ["client says", "client close", "target says", "target close"],
    result: "ok",
  },
  // What the client says is lost then.
  {
    steps: ["target fin", "target reset", "client says", "client says"],
    ...{ result: "target", client: "FIN" },
  },
];

const SAID = 3;

/** Both far ends of a tunnel, each with all that it has got. */
class Ends {
  readonly #conns: Record<End, Deno.TcpConn>;
  readonly #got = { client: 0, target: 0 };
  readonly #isOver = { client: false, target: false };
  readonly #left = new Set<End>();
  readonly received: Record<End, Promise<"FIN" | "RST" | undefined>>;
  readonly result: Promise<TunnelResult>;
  readonly context = new Context();

  constructor(
    client: [Deno.TcpConn, Deno.TcpConn],
    target: [Deno.TcpConn, Deno.TcpConn],
    options: TunnelOptions,
  ) {
    this.#conns = { client: client[0], target: target[0] };
    this.received = {
      client: this.#receive("client"),
      target: this.#receive("target"),
    };
    const near = [new Duplex(client[1]), new Duplex(target[1])] as const;
    this.result = tunnel(...near, this.context, options).then((result) => {
      // Whoever opens them closes them.
      for (const duplex of near) duplex.close();
      return result;
    });
  }

  static async open(options: TunnelOptions): Promise<Ends> {
    return new Ends(await socketPair(), await socketPair(), options);
  }

  async #receive(end: End): Promise<"FIN" | "RST" | undefined> {
    const conn = this.#conns[end];
    const counted = {
      read: async (buffer: Uint8Array) => {
        const count = await conn.read(buffer);
        this.#got[end] += count ?? 0;
        return count;
      },
    };
    try {
      return (await receive(counted)).end;
    } catch {
      return undefined; // It was closed by the test.
    } finally {
      this.#isOver[end] = true;
    }
  }

  async act(step: Step): Promise<void> {
    const [end, act] = step.split(" ") as [End, Act];
    const conn = this.#conns[end];
    const other = end === "client" ? "target" : "client";
    const before = this.#got[other];
    const arrived = () =>
      this.#isOver[other] || this.#got[other] === before + SAID;
    if (act === "says") {
      await writeAll(conn, new Uint8Array(SAID)).catch(() => {});
      // To one that is not there, nothing arrives.
      if (!this.#left.has(other)) assert(await eventually(arrived), step);
      return;
    }
    if (act !== "fin") this.#left.add(end);
    if (act === "fin") await conn.closeWrite();
    if (act === "close") conn.close();
    if (act === "reset") await resetAndClose(conn);
    if (act === "reset" || this.#left.has(other)) return;
    assert(await eventually(() => this.#isOver[other]), step);
  }

  [Symbol.dispose](): void {
    for (const conn of Object.values(this.#conns)) conn[Symbol.dispose]();
  }
}

for (const { steps, result, ...seen } of ORDERS) {
  for (const resetRelay of ["on", "off"] as const) {
    Deno.test({
      name: `tunnel() with resets ${resetRelay}: ${steps.join(", ")}`,
      ignore: !HAS_RESETS,
      async fn() {
        using ends = await Ends.open({ resetRelay });
        for (const step of steps) await ends.act(step);
        const { error, failed } = await within(5_000, ends.result);
        assertEquals(failed ?? "ok", result, String(error));
        assertEquals(error === undefined, result === "ok");
        for (const [end, last] of Object.entries(seen)) {
          const want = resetRelay === "off" ? "FIN" : last;
          assertEquals(await within(5_000, ends.received[end as End]), want);
        }
      },
    });
  }
}

/** Cuts of ours: each with both ends in the middle of what they say. */
const CUTS: Readonly<
  Record<string, (resetRelay: ResetRelay) => Promise<Ends>>
> = {
  "cancelled": async (resetRelay) => {
    const ends = await Ends.open({ resetRelay });
    await ends.act("client says");
    ends.context.cancel(new Error("killed"));
    return ends;
  },
  "idle": async (resetRelay) => {
    const ends = await Ends.open({ resetRelay, idleTimeout: 80 });
    await ends.act("client says");
    return ends;
  },
  "half-closed for too long": async (resetRelay) => {
    const ends = await Ends.open({ resetRelay, halfCloseTimeout: 80 });
    await ends.act("client says");
    await ends.act("client fin");
    return ends;
  },
};

for (const [name, open] of Object.entries(CUTS)) {
  for (const resetRelay of ["on", "all", "off"] as const) {
    Deno.test({
      name: `tunnel() with resets ${resetRelay} ends one that is ${name}`,
      ignore: !HAS_RESETS,
      async fn() {
        using ends = await open(resetRelay);
        const { error } = await within(5_000, ends.result);
        assert(error !== undefined);
        const want = resetRelay === "all" ? "RST" : "FIN";
        assertEquals(await ends.received.client, want);
        // One that has been told the end before sees no other.
        const isTold = name.startsWith("half");
        assertEquals(await ends.received.target, isTold ? "FIN" : want);
      },
    });
  }
}

Deno.test({
  name: "tunnel() ends both without a reset when the half-close time is 0",
  ignore: !HAS_RESETS,
  async fn() {
    using ends = await Ends.open({ resetRelay: "all", halfCloseTimeout: 0 });
    await ends.act("client fin");
    assertEquals((await within(5_000, ends.result)).error, undefined);
    assertEquals(await ends.received.client, "FIN");
    assertEquals(await ends.received.target, "FIN");
  },
});

Deno.test({
  name:
    "tunnel() resets a slow reader behind 16 MB, of which the queue holds a part",
  ignore: !HAS_RESETS,
  async fn() {
    const [client, near] = await socketPair();
    const [target, far] = await socketPair();
    const options = { resetRelay: "on" } as const;
    const [a, b] = [new Duplex(near), new Duplex(far)];
    const done = tunnel(a, b, new Context(), options);
    const bytes = pattern(16 * 1024 * 1024);
    const slow = receive({
      read: async (buffer) => {
        await pass(1);
        return await client.read(buffer);
      },
    });
    await writeAll(target, bytes);
    await resetAndClose(target);
    const { failed, received } = await within(20_000, done);
    assertEquals([failed, received], ["target", bytes.length]);
    const got = await within(20_000, slow);
    assertEquals(got.end, "RST");
    assertEquals(await sha256(got.bytes), await sha256(bytes));
    for (const conn of [client, near, far]) conn[Symbol.dispose]();
  },
});

Deno.test({
  name:
    "tunnel() gives the other end what a client had sent before its reset, although writing to the client fails first",
  ignore: !HAS_RESETS,
  async fn() {
    for (let n = 0; n < 8; n++) {
      const [client, near] = await socketPair();
      const [target, far] = await socketPair();
      const options = { resetRelay: "on" } as const;
      // The target does not read at first: what the client says is stuck.
      const length = 8 * 1024 * 1024;
      const [a, b] = [new Duplex(near), new Duplex(far)];
      const done = tunnel(a, b, new Context(), options);
      const bytes = pattern(length);
      let written = 0;
      const writing = (async () => {
        while (written < length) {
          const chunk = bytes.subarray(written, written + 256 * 1024);
          written += await client.write(chunk);
        }
      })();
      let before = -1;
      assert(
        await eventually(() => {
          const isStuck = b.isWriting && b.sent === before && written > 0;
          before = b.sent;
          return isStuck;
        }),
      );
      const receiving = receive(target);
      await within(10_000, writing);
      await resetAndClose(client);
      await writeAll(target, new Uint8Array(1000)).catch(() => {});
      const got = await within(10_000, receiving);
      assertEquals([got.bytes.length, got.end], [length, "RST"]);
      const { error, failed } = await within(10_000, done);
      assertEquals(failed, "client");
      assertStringIncludes(String(error), "Connection");
      for (const conn of [near, far, target]) conn[Symbol.dispose]();
    }
  },
});

Deno.test({
  name:
    "tunnel() that waits for a slow reader to reset it ends when it is cancelled",
  ignore: !HAS_RESETS,
  async fn() {
    const [client, near] = await socketPair();
    const [target, far] = await socketPair();
    const context = new Context();
    const [a, b] = [new Duplex(near), new Duplex(far)];
    const done = tunnel(a, b, context, { resetRelay: "on" });
    await writeAll(target, new Uint8Array(1_500_000));
    await resetAndClose(target);
    assert(await eventually(() => b.inbox.hasFailed));
    context.cancel(new Error("killed"));
    assertEquals((await within(2_000, done)).failed, "target");
    assertEquals((await receive(client)).end, "RST");
    for (const conn of [client, near, far]) conn[Symbol.dispose]();
  },
});

/** Clean ends, and how many at once. */
const CLEAN = { ends: 300, atOnce: 50 } as const;

/** When a side that ends cleanly ends. */
const WHEN = ["at once", "behind its words", "behind the other"] as const;

/** Speaks, ends as it is told to, and reads to the other's end. */
async function endCleanly(
  conn: Deno.TcpConn,
  when: typeof WHEN[number],
): Promise<"FIN" | "RST"> {
  const receiving = receive(conn);
  if (when !== "at once") {
    for (let n = Math.floor(Math.random() * 4); n >= 0; n--) {
      await writeAll(conn, new Uint8Array(Math.random() ** 4 * 200_000));
    }
  }
  if (when === "behind the other") await receiving;
  await conn.closeWrite();
  const { end } = await receiving;
  conn.close();
  return end;
}

Deno.test({
  name: "tunnel() makes no reset of 300 clean ends of every order",
  ignore: !HAS_RESETS,
  async fn() {
    async function one(n: number): Promise<void> {
      const [client, near] = await socketPair();
      const [target, far] = await socketPair();
      const resetRelay = n % 2 === 0 ? "on" : "all";
      const [a, b] = [new Duplex(near), new Duplex(far)];
      const done = tunnel(a, b, new Context(), { resetRelay });
      const first = WHEN[n % WHEN.length]!;
      const second = WHEN[Math.floor(n / WHEN.length) % 2]!;
      const sides = n % 5 < 2 ? [client, target] : [target, client];
      const seen = await Promise.all([
        endCleanly(sides[0]!, first),
        endCleanly(sides[1]!, second),
      ]);
      assertEquals(seen, ["FIN", "FIN"]);
      assertEquals((await done).error, undefined);
      for (const conn of [near, far]) conn.close();
    }
    for (let n = 0; n < CLEAN.ends; n += CLEAN.atOnce) {
      const numbers = Array.from({ length: CLEAN.atOnce }, (_, m) => n + m);
      await within(20_000, Promise.all(numbers.map(one)));
    }
  },
});

for (const resetRelay of ["on", "off"] as const) {
  Deno.test({
    name:
      `tunnel() with resets ${resetRelay} ends when the client resets and the target takes nothing`,
    ignore: !HAS_RESETS,
    async fn() {
      const [client, near] = await socketPair();
      const [target, far] = await socketPair();
      const [a, b] = [new Duplex(near), new Duplex(far)];
      const done = tunnel(a, b, new Context(), {
        resetRelay,
        idleTimeout: 400,
        halfCloseTimeout: 200,
      });
      const writing = writeAll(client, new Uint8Array(32_000_000))
        .catch(() => {});
      let before = -1;
      assert(
        await eventually(() => {
          const isStuck = b.isWriting && b.sent === before;
          before = b.sent;
          return isStuck;
        }),
      );
      assert(await resetDuplex(new Duplex(client), 0)!.done);
      client.close();
      await writing;
      const { failed } = await within(5_000, done);
      assertEquals(failed, "client");
      const { end } = await within(5_000, receive(target));
      assertEquals(end, resetRelay === "on" ? "RST" : "FIN");
      for (const conn of [near, far, target]) conn[Symbol.dispose]();
    },
  });
}
