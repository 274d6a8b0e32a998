/**
 * A hub in the test's own process, and clients that read lines.
 *
 * @module
 */

import {
  type HubConfig,
  type RunningHub,
  startHub,
} from "../../lib/hub/start.ts";
import type { ConnectionEvent } from "../../lib/observe/log_event.ts";
import { HUB_OPTIONS } from "../../lib/hub/options.ts";
import { defaultSettings } from "../../lib/cli/settings.ts";
import { eventually } from "./dialogue.ts";
import { within, writeAll } from "./sockets.ts";

/** Milliseconds that a test waits for expected data. */
const PATIENCE = 10_000;

/** A running hub. Disposing of it cuts it immediately. */
export interface TestHub extends AsyncDisposable {
  readonly hub: RunningHub;
  /** Address for TCP clients. */
  readonly addr: Deno.NetAddr;
  /** Address for browsers. */
  readonly web: Deno.NetAddr;
  /** Ended connections, in order. */
  readonly ended: ConnectionEvent[];
  /** Waits until this many connections have ended. */
  whenEnded(count: number): Promise<ConnectionEvent[]>;
  /** Connects a client, and waits until it has joined the hub. */
  join(): Promise<LineClient>;
}

/** Starts a hub on 127.0.0.1, for TCP and for browsers. */
export async function startTestHub(
  config: Partial<HubConfig> = {},
): Promise<TestHub> {
  const ended: ConnectionEvent[] = [];
  let changed = Promise.withResolvers<void>();
  const hub = await startHub({
    ...defaultSettings(HUB_OPTIONS),
    listen: [{ host: "127.0.0.1", port: 0 }],
    web: [{ host: "127.0.0.1", port: 0 }],
    ...config,
    log(event) {
      config.log?.(event);
      if (event.event !== "connection") return;
      ended.push(event);
      changed.resolve();
      changed = Promise.withResolvers();
    },
  });
  const [{ addr }, { addr: web }] = hub.listeners as [
    RunningHub["listeners"][number],
    RunningHub["listeners"][number],
  ];
  return {
    hub,
    addr,
    web,
    ended,
    async whenEnded(count) {
      while (ended.length < count) await within(PATIENCE, changed.promise);
      return ended;
    },
    async join() {
      const clients = hub.clients();
      const { hostname, port } = addr;
      const conn = await Deno.connect({ hostname, port });
      await eventually(() => hub.clients() > clients);
      return new LineClient(conn);
    },
    async [Symbol.asyncDispose]() {
      await hub.shutdown(0);
    },
  };
}

/** A client of the line framing. */
export class LineClient implements Disposable {
  readonly conn: Deno.TcpConn;
  readonly #buffer = new Uint8Array(64 * 1024);
  readonly #decoder = new TextDecoder();
  #text = "";

  constructor(conn: Deno.TcpConn) {
    this.conn = conn;
    conn.setNoDelay(true);
  }

  /** Sends a line. */
  async say(line: string): Promise<void> {
    await writeAll(this.conn, `${line}\n`);
  }

  /** Sends a line to the hub, and reads its answer. */
  async ask(line: string): Promise<string | undefined> {
    await this.say(line);
    return await this.hear();
  }

  /** Reads a line without its line end; `undefined` at end of file. */
  async hear(): Promise<string | undefined> {
    while (!this.#text.includes("\n")) {
      const count = await within(PATIENCE, this.conn.read(this.#buffer));
      if (count === null) return undefined;
      const bytes = this.#buffer.subarray(0, count);
      this.#text += this.#decoder.decode(bytes, { stream: true });
    }
    const end = this.#text.indexOf("\n");
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return line;
  }

  /** Reads this many lines. */
  async hearAll(count: number): Promise<(string | undefined)[]> {
    const lines = [];
    while (lines.length < count) lines.push(await this.hear());
    return lines;
  }

  /** Reads to end of file. */
  async hearRest(): Promise<string[]> {
    const lines: string[] = [];
    while (true) {
      const line = await this.hear();
      if (line === undefined) return lines;
      lines.push(line);
    }
  }

  [Symbol.dispose](): void {
    this.conn[Symbol.dispose]();
  }
}
