/**
 * A proxy in its own process with its own file descriptors, because parallel
 * tests in one process share theirs.
 *
 * Run as a program, this module is that process. It takes its configuration as
 * an argument, prints its port and its log as lines of JSON, and ends with its
 * standard input.
 *
 * @module
 */

import { TextLineStream } from "@std/streams";
import type { ConnectionEvent, LogEvent } from "../../lib/observe/log_event.ts";
import type { SomeProxyConfig } from "./proxy.ts";

/** Configuration of the process. */
export type ProcessConfig = Pick<
  SomeProxyConfig,
  "users" | "timeouts" | "maxConnections" | "protocols" | "bindTimeout" | "udp"
>;

/** A proxy in its own process. Disposing of it ends it. */
export interface ProxyProcess extends AsyncDisposable {
  /** Listening address. */
  readonly addr: Deno.NetAddr;
  /** Ended connections, in order. */
  readonly ended: ConnectionEvent[];
  /** Messages that are not about one connection. */
  readonly messages: string[];
  /** Opens a connection to the proxy. */
  connect(): Promise<Deno.TcpConn>;
  /**
   * Counts the process's network sockets, including dead ones. The runtime
   * opens files and socket pairs of its own at any time.
   */
  sockets(): number;
  /** Ends the process, and returns its exit code. */
  stop(): Promise<number>;
}

/**
 * Starts the process. It can reach only loopback, because random requests must
 * not leave the machine.
 */
export async function startProxyProcess(
  config: ProcessConfig = {},
): Promise<ProxyProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-read",
      "--allow-env",
      "--allow-net=127.0.0.1,[::1],localhost",
      import.meta.filename!,
      JSON.stringify(config),
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const started = Promise.withResolvers<Deno.NetAddr>();
  const ended: ConnectionEvent[] = [];
  const messages: string[] = [];
  const lines = child.stdout
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  const reading = (async () => {
    for await (const line of lines) {
      const event = JSON.parse(line) as LogEvent | Deno.NetAddr;
      if (!("event" in event)) started.resolve(event);
      else if (event.event === "connection") ended.push(event);
      else if (event.event === "message") messages.push(event.message);
    }
    started.reject(new Error("The proxy did not start"));
  })();
  const addr = await started.promise;
  let stopping: Promise<number> | undefined;

  async function stop(): Promise<number> {
    await child.stdin.close().catch(() => {}); // The process may have died.
    await reading;
    return (await child.status).code;
  }

  return {
    addr,
    ended,
    messages,
    connect: () => Deno.connect({ hostname: addr.hostname, port: addr.port }),
    sockets: () => countSockets(child.pid),
    stop: () => stopping ??= stop(),
    async [Symbol.asyncDispose]() {
      await (stopping ??= stop());
    },
  };
}

/** Counts the network sockets of a process. */
export function countSockets(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  const pairs = Deno.readTextFileSync("/proc/net/unix");
  const links = [...Deno.readDirSync(folder)].map(({ name }) => {
    try {
      return Deno.readLinkSync(`${folder}/${name}`);
    } catch {
      return ""; // Closed after the folder was read.
    }
  });
  return links.filter((link) => {
    const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
    return inode !== undefined && !pairs.includes(` ${inode}`);
  }).length;
}

async function main(): Promise<void> {
  const { startProxy } = await import("./proxy.ts");
  const encoder = new TextEncoder();
  function say(value: unknown): void {
    Deno.stdout.writeSync(encoder.encode(JSON.stringify(value) + "\n"));
  }
  const { Bans } = await import("../../lib/policy/users/bans.ts");
  const config = JSON.parse(Deno.args[0]!) as ProcessConfig;
  const proxy = await startProxy({
    listen: [{ host: "127.0.0.1", port: 0 }],
    ...config,
    // Clients after a thousand random passwords must still be served.
    bans: new Bans({ after: 0 }),
    log: say,
  });
  say(proxy.listeners[0]!.addr);
  while (await Deno.stdin.read(new Uint8Array(1)) !== null);
  await proxy.shutdown(0);
}

if (import.meta.main) await main();
