import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { StopSignals } from "../../lib/cli/stop_signals.ts";
import { runUntilSignal } from "../../lib/program/run_until_signal.ts";
import type { Stoppable } from "../../lib/serve/running_server.ts";
import type { LogEvent } from "../../lib/observe/log_event.ts";
import { eventually } from "../support/dialogue.ts";
import { isRefused } from "../support/free_port.ts";
import { Sluice } from "../support/sluice.ts";
import {
  readExactly,
  readToEnd,
  startEcho,
  writeAll,
} from "../support/sockets.ts";

/** A server whose drain ends when a test says so. */
class FakeServer implements Stoppable {
  readonly connections: number;
  lost = 0;
  readonly deadlines: number[] = [];
  readonly #drained = Promise.withResolvers<number>();
  readonly #draining = Promise.withResolvers<void>();

  constructor(connections: number) {
    this.connections = connections;
  }

  shutdown(deadline: number): Promise<number> {
    this.deadlines.push(deadline);
    this.#draining.resolve();
    if (deadline === 0) this.finish(this.connections);
    return this.#drained.promise;
  }

  /** Waits for the first call of shutdown. */
  whenDraining(): Promise<void> {
    return this.#draining.promise;
  }

  finish(cut: number): void {
    this.#drained.resolve(cut);
  }
}

/** Starts the wait; `logged` fills with `level: message`. */
function start(connections: number, drainTimeout: number, drainDelay = 0) {
  const signals = new StopSignals();
  const server = new FakeServer(connections);
  const logged: string[] = [];
  const log = (event: LogEvent) => {
    assert(event.event === "message");
    logged.push(`${event.level}: ${event.message}`);
  };
  const drains: number[] = [];
  const code = runUntilSignal(server, signals, {
    ...{ drainDelay, drainTimeout, log },
    onDrain: (deadline) => drains.push(deadline),
  });
  return { signals, server, logged, drains, code };
}

Deno.test("runUntilSignal() does nothing before a signal", async () => {
  const { signals, server, logged, code } = start(1, 1_000);
  for (let n = 0; n < 20; n++) await Promise.resolve();
  assertEquals(server.deadlines, []);
  assertEquals(logged, []);
  signals.raise("SIGTERM");
  await server.whenDraining();
  server.finish(0);
  await code;
});

Deno.test("runUntilSignal() returns 0 when nothing is open", async () => {
  const { signals, server, logged, code } = start(0, 30_000);
  signals.raise("SIGTERM");
  await server.whenDraining();
  server.finish(0);
  assertEquals(await code, 0);
  assertEquals(server.deadlines, [30_000]);
  assertEquals(logged, [
    "info: SIGTERM: stopping",
    "info: Stopped; no connection was cut",
  ]);
});

for (
  const [cut, text] of [
    [0, "2 connections lost with a worker"],
    [1, "1 connection cut after 30.0 s, 2 connections lost with a worker"],
  ] as const
) {
  Deno.test(`runUntilSignal() tells ${cut} cut connections from lost ones`, async () => {
    const { signals, server, logged, code } = start(3, 30_000);
    signals.raise("SIGTERM");
    await server.whenDraining();
    server.lost = 2;
    server.finish(cut);
    assertEquals(await code, 1);
    assertEquals(logged.at(-1), `warning: Stopped; ${text}`);
  });
}

Deno.test("runUntilSignal() returns 0 when the drain finishes", async () => {
  const { signals, server, logged, code } = start(2, 30_000);
  signals.raise("SIGINT");
  await server.whenDraining();
  assertEquals(logged, [
    "info: SIGINT: accepting no more; 2 connections may finish within 30.0 s; a second signal ends them",
  ]);
  server.finish(0);
  assertEquals(await code, 0);
  assertEquals(server.deadlines, [30_000]);
  assertEquals(logged[1], "info: Stopped; no connection was cut");
});

Deno.test("runUntilSignal() returns 1 when the deadline has cut connections", async () => {
  const cases = [
    { cut: 1, line: "warning: Stopped; 1 connection cut after 200 ms" },
    { cut: 3, line: "warning: Stopped; 3 connections cut after 200 ms" },
  ];
  for (const { cut, line } of cases) {
    const { signals, server, logged, code } = start(3, 200);
    signals.raise("SIGTERM");
    await server.whenDraining();
    server.finish(cut);
    assertEquals(await code, 1);
    assertEquals(server.deadlines, [200]);
    assertEquals(logged[1], line);
  }
});

Deno.test("runUntilSignal() ends the drain at a second signal", async () => {
  const { signals, server, logged, code } = start(2, 30_000);
  signals.raise("SIGINT");
  await server.whenDraining();
  signals.raise("SIGTERM");
  assertEquals(await code, 1);
  assertEquals(server.deadlines, [30_000, 0]);
  assertEquals(logged[1], "warning: Stopped; 2 connections cut by SIGTERM");
});

Deno.test("runUntilSignal() takes signals that came before it asked", async () => {
  const { signals, server, code } = start(1, 30_000);
  signals.raise("SIGINT");
  signals.raise("SIGINT");
  assertEquals(await code, 1);
  assertEquals(server.deadlines, [30_000, 0]);
});

Deno.test("runUntilSignal() returns 0 when a second signal finds nothing to cut", async () => {
  const { signals, server, logged, code } = start(0, 30_000);
  signals.raise("SIGINT");
  await server.whenDraining();
  signals.raise("SIGINT");
  assertEquals(await code, 0);
  assertEquals(logged[1], "info: Stopped; no connection was cut");
});

Deno.test("runUntilSignal() accepts for the delay before it drains", async () => {
  const { signals, server, logged, drains, code } = start(0, 30_000, 5);
  signals.raise("SIGTERM");
  await server.whenDraining();
  server.finish(0);
  assertEquals(await code, 0);
  assertEquals(drains, [30_005]);
  assertEquals(server.deadlines, [30_000]);
  assertEquals(logged.slice(0, 2), [
    "info: SIGTERM: accepting connections for 5 ms more",
    "info: SIGTERM: stopping",
  ]);
});

Deno.test("runUntilSignal() ends the delay and the drain at a second signal", async () => {
  const { signals, server, drains, code } = start(1, 30_000, 3_600_000);
  signals.raise("SIGTERM");
  signals.raise("SIGTERM");
  assertEquals(await code, 1);
  assertEquals(drains, [3_630_000, 0]);
  assertEquals(server.deadlines, [30_000, 0]);
});

Deno.test("runUntilSignal() promises no time when the drain has none", async () => {
  const { signals, server, logged, code } = start(1, 0);
  signals.raise("SIGTERM");
  assertEquals(await code, 1);
  assertEquals(server.deadlines[0], 0);
  assertEquals(logged[0], "info: SIGTERM: stopping, 1 connection open");
});

/** Windows can't send these signals. */
const ignore = Deno.build.os === "windows";

Deno.test({
  name: "the program returns 0 on a signal when nothing is open",
  ignore,
  async fn() {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      await using sluice = new Sluice();
      await sluice.port();
      sluice.kill(signal);
      assertEquals(await sluice.code(), 0);
      assertMatch(sluice.lines.at(-2)!, new RegExp(`${signal}: stopping$`));
      assertMatch(sluice.lines.at(-1)!, /Stopped; no connection was cut$/);
    }
  },
});

Deno.test({
  name: "the program returns 0 when an open tunnel ends within the drain time",
  ignore,
  async fn() {
    await using echo = startEcho();
    await using sluice = new Sluice();
    using conn = await sluice.openTunnel(echo.addr);
    const { hostname } = echo.addr;
    const port = await sluice.port();
    sluice.kill("SIGTERM");
    await sluice.line(/accepting no more; 1 connection may finish within 30/);
    // The tunnel still carries, and nothing new is let in.
    await writeAll(conn, "still here");
    assertEquals(
      new TextDecoder().decode(await readExactly(conn, 10)),
      "still here",
    );
    const address = { hostname, port };
    assert(await eventually(() => isRefused(address)), "still accepting");
    await conn.closeWrite();
    await readToEnd(conn);
    assertEquals(await sluice.code(), 0);
    assertMatch(sluice.lines.at(-1)!, /Stopped; no connection was cut$/);
  },
});

Deno.test({
  name: "the program returns 1 when the drain deadline cuts a tunnel",
  ignore,
  async fn() {
    await using echo = startEcho();
    await using sluice = new Sluice("--drain-timeout", "200ms");
    using conn = await sluice.openTunnel(echo.addr);
    const started = performance.now();
    sluice.kill("SIGTERM");
    assertEquals(await sluice.code(), 1);
    assert(performance.now() - started >= 200);
    assertEquals((await readToEnd(conn)).length, 0);
    await sluice.line(/cut .*Drain time of 0\.2 s has passed$/);
    assertMatch(
      sluice.lines.at(-1)!,
      /Stopped; 1 connection cut after 200 ms$/,
    );
  },
});

Deno.test({
  name: "the program ends immediately on a second signal",
  ignore,
  async fn() {
    await using echo = startEcho();
    await using sluice = new Sluice("--drain-timeout", "1h");
    using conn = await sluice.openTunnel(echo.addr);
    sluice.kill("SIGINT");
    await sluice.line(/a second signal ends them/);
    const started = performance.now();
    sluice.kill("SIGINT");
    assertEquals(await sluice.code(), 1);
    assertLess(performance.now() - started, 10_000);
    assertEquals((await readToEnd(conn)).length, 0);
    assertMatch(sluice.lines.at(-1)!, /Stopped; 1 connection cut by SIGINT$/);
  },
});

Deno.test({
  name: "the program logs JSON only, with --log json, to its last line",
  ignore,
  async fn() {
    await using echo = startEcho();
    await using sluice = new Sluice("--log", "json", "--drain-timeout", "0");
    using _conn = await sluice.openTunnel(echo.addr);
    sluice.kill("SIGTERM");
    assertEquals(await sluice.code(), 1);
    const events = sluice.lines.map((line) => JSON.parse(line));
    const connection = events.find(({ event }) => event === "connection");
    assertEquals(connection.result, "cut");
    assertEquals(connection.protocol, "socks5");
    assertEquals(
      connection.target,
      `${echo.addr.hostname}:${echo.addr.port}`,
    );
    assertEquals(events.at(-1).level, "warning");
  },
});
