/**
 * A slow way to a server, as between distant data centres.
 *
 * @module
 */

/** A way to a server on which every byte takes its time. */
export interface SlowWay extends AsyncDisposable {
  /** Port on 127.0.0.1. */
  readonly port: number;
}

/**
 * Opens a slow way to a local server.
 *
 * @param port Port of the server.
 * @param delay Milliseconds in each direction.
 */
export function slowWay(port: number, delay: number): SlowWay {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.TcpConn>();
  const timers = new Set<ReturnType<typeof setTimeout>>();
  async function carry(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    let writing = Promise.resolve();
    const buffer = new Uint8Array(65_536);
    try {
      while (true) {
        const count = await from.read(buffer);
        if (count === null) break;
        const bytes = buffer.slice(0, count);
        const timer = setTimeout(() => {
          timers.delete(timer);
          writing = writing.then(async () => void await to.write(bytes))
            .catch(() => {});
        }, delay);
        timers.add(timer);
      }
    } catch {
      // The other end was closed.
    }
    for (const conn of [from, to]) {
      if (open.delete(conn)) conn.close();
    }
  }
  const serving = (async () => {
    const carrying: Promise<void>[] = [];
    for await (const client of listener) {
      open.add(client);
      const server = await Deno.connect({ hostname: "127.0.0.1", port });
      open.add(server);
      carrying.push(carry(client, server), carry(server, client));
    }
    await Promise.all(carrying);
  })();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const timer of timers) clearTimeout(timer);
      for (const conn of open) conn.close();
      open.clear();
      await serving;
    },
  };
}
