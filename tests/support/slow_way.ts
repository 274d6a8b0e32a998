/**
 * A slow way to a server: bytes arrive late, in their order.
 *
 * @module
 */

/** A port behind which a server answers late, or not at all. */
export interface SlowWay extends AsyncDisposable {
  readonly port: number;
  /** Milliseconds that bytes take in each direction. */
  delay: number;
}

/** Opens a slow way to a port of 127.0.0.1. */
export function openSlowWay(to: { port: number }, delay: number): SlowWay {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const conns = new Set<Deno.Conn>();
  const late = new Set<Promise<void>>();
  const serving = (async () => {
    for await (const client of listener) {
      try {
        const server = await Deno.connect({ port: to.port });
        for (const conn of [client, server]) conns.add(conn);
        const way = () => self.delay;
        late.add(pumpInto(client, server, way));
        late.add(pumpInto(server, client, way));
      } catch {
        client.close(); // The server is down.
      }
    }
  })();
  const self = {
    port: listener.addr.port,
    delay,
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving.catch(() => {});
      for (const conn of conns) {
        try {
          conn.close();
        } catch {
          // It has ended.
        }
      }
      await Promise.all(late);
    },
  };
  return self;
}

/** Carries bytes from one connection to another, each chunk after a delay. */
async function pumpInto(
  from: Deno.Conn,
  to: Deno.Conn,
  delay: () => number,
): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  let last: Promise<unknown> = Promise.resolve();
  const timers = new Set<ReturnType<typeof setTimeout>>();
  try {
    for (;;) {
      const count = await from.read(buffer);
      if (count === null) break;
      const chunk = buffer.slice(0, count);
      const due = Promise.withResolvers<void>();
      const timer = setTimeout(() => {
        timers.delete(timer);
        due.resolve();
      }, delay());
      timers.add(timer);
      last = Promise.all([last, due.promise]).then(() => writeAll(to, chunk));
      last.catch(() => {});
    }
    await last;
  } catch {
    // One of the two has closed.
  }
  for (const timer of timers) clearTimeout(timer);
  for (const conn of [from, to]) {
    try {
      conn.close();
    } catch {
      // It has ended already.
    }
  }
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let count = 0; count < bytes.length;) {
    count += await conn.write(bytes.subarray(count));
  }
}
