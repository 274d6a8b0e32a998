import { assert, assertEquals, assertMatch } from "@std/assert";
import { connectRequest, greet, readReply } from "../support/proxy.ts";
import { testPrograms } from "../support/programs.ts";
import { SocketActivation } from "../support/socket_activation.ts";
import {
  closedPort,
  readExactly,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";

/** Connections a second. */
const RATE = 500;

/** Connections that may be under way at once. */
const MOST_OPEN = 400;

/** Processes that take over, one from the other. */
const ROLLS = 3;

/** Connections while two processes listen, and again once one of them has ended. */
const SERVED = 125;

testPrograms({
  name: "a rolling restart refuses none of 500 connections a second",
  needs: ["systemd-socket-activate"],
  async fn({ "systemd-socket-activate": tool }) {
    await using echo = startEcho();
    const port = closedPort();
    const args = ["--listen", `127.0.0.1:${port}`, "--max-connections", "5000"];
    await using service = new SocketActivation(tool, port, ...args);
    await service.whenOpen();
    await using load = startLoad(port, echo.addr);
    let running = await service.start();
    for (let roll = 0; roll < ROLLS; roll++) {
      const next = await service.start();
      await load.more(SERVED);
      assertEquals(await service.stop(running), 0, "a tunnel was cut");
      await load.more(SERVED);
      running = next;
    }
    const { served, failures } = await load.finish();
    assertEquals(failures, []);
    assert(served >= ROLLS * 2 * SERVED, `${served} served`);
    assertEquals(await service.stop(running), 0);
  },
});

testPrograms({
  name: "a restart lets who comes meanwhile wait",
  needs: ["systemd-socket-activate"],
  async fn({ "systemd-socket-activate": tool }) {
    await using echo = startEcho();
    const port = closedPort();
    await using service = new SocketActivation(
      tool,
      port,
      "--listen",
      `127.0.0.1:${port}`,
    );
    await service.whenOpen();
    // The tool starts the shell when the first has come, who waits as well.
    const first = roundTrip(port, echo.addr);
    const running = await service.start();
    await within(10_000, first);
    assertEquals(await service.stop(running), 0);
    const second = roundTrip(port, echo.addr);
    await service.start();
    await within(10_000, second);
  },
});

testPrograms({
  name: "an inherited socket that nothing is to listen on stops the start",
  needs: ["systemd-socket-activate"],
  async fn({ "systemd-socket-activate": tool }) {
    const port = closedPort();
    await using service = new SocketActivation(tool, port, "--listen", "0");
    await service.whenOpen();
    using _client = await Deno.connect({ port });
    void service.start().catch(() => {});
    assertMatch(
      await service.line(/^sluice: /),
      new RegExp(
        `inherited socket 127.0.0.1:${port} \\(proxy\\): nothing .* --listen 127.0.0.1:${port}$`,
      ),
    );
  },
});

/** Connects so often a second, whatever becomes of those before. */
function startLoad(port: number, target: Deno.NetAddr) {
  const failures: string[] = [];
  const open = new Set<Promise<void>>();
  const started = performance.now();
  let begun = 0;
  let served = 0;
  let changed = Promise.withResolvers<void>();

  const timer = setInterval(() => {
    const due = (performance.now() - started) * RATE / 1_000;
    // A machine that is too busy for so many gets fewer, and not ever more.
    while (begun < due && open.size < MOST_OPEN) connect();
  }, 5);

  function connect(): void {
    begun++;
    const task = roundTrip(port, target)
      .then(() => served++, (error) => failures.push(String(error)))
      .then(() => {
        open.delete(task);
        changed.resolve();
        changed = Promise.withResolvers();
      });
    open.add(task);
  }

  async function finish() {
    clearInterval(timer);
    await within(30_000, Promise.all(open));
    return { served, failures };
  }

  return {
    /** Waits until so many more have been served, or one has not. */
    async more(count: number) {
      const enough = served + count;
      while (served < enough && failures.length === 0) {
        await within(30_000, changed.promise);
      }
    },
    finish,
    async [Symbol.asyncDispose]() {
      await finish();
    },
  };
}

/** Opens a tunnel and hears an echo through it. */
async function roundTrip(port: number, target: Deno.NetAddr): Promise<void> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await greet(conn);
  await writeAll(conn, connectRequest(target.hostname, target.port));
  assertEquals((await readReply(conn)).reply, 0);
  await writeAll(conn, [7]);
  assertEquals(await readExactly(conn, 1), Uint8Array.of(7));
}
