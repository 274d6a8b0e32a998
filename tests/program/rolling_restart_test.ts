import { assert, assertEquals, assertMatch } from "@std/assert";
import { testPrograms } from "../support/programs.ts";
import { SocketActivation } from "./socket_activation.ts";
import { closedPort, startEcho, within } from "../support/sockets.ts";
import { roundTrip, startSteadyLoad } from "../support/steady_load.ts";

/** Connections a second. */
const RATE = 500;

/** Processes that take over, one from the other. */
const ROLLS = 2;

/** Connections while two processes listen, and again once one of them has ended. */
const SERVED = 60;

testPrograms({
  name: "a rolling restart refuses none of 500 connections a second",
  needs: ["systemd-socket-activate"],
  async fn({ "systemd-socket-activate": tool }) {
    await using echo = startEcho();
    const port = closedPort();
    const args = [
      ...["--listen", `127.0.0.1:${port}`, "--max-connections", "5000"],
      // On a busy machine clients take longer than a second to say anything.
      ...["--shutdown-grace", "20s", "--drain-timeout", "30s"],
    ];
    await using service = new SocketActivation(tool, port, ...args);
    await service.whenOpen();
    await using load = startSteadyLoad({
      ports: [port],
      target: echo.addr,
      rate: RATE,
    });
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

for (const workers of ["1", "2"]) {
  testPrograms({
    name: `a restart lets who comes meanwhile wait, workers ${workers}`,
    needs: ["systemd-socket-activate"],
    async fn({ "systemd-socket-activate": tool }) {
      await using echo = startEcho();
      const port = closedPort();
      await using service = new SocketActivation(
        tool,
        port,
        "--listen",
        `127.0.0.1:${port}`,
        ...["--workers", workers],
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
}

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
        `inherited socket 127.0.0.1:${port} \\(proxy\\): no listener .* --listen 127.0.0.1:${port}$`,
      ),
    );
  },
});
