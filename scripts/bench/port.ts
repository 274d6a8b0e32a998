/**
 * Finds ports for servers that run in their own process.
 *
 * @module
 */

/**
 * Tries to connect to a port of 127.0.0.1. On failure it waits a moment.
 *
 * @returns Whether something listens on the port.
 */
export async function isListening(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    // A short pause, because start times are measured with it.
    await new Promise((resolve) => setTimeout(resolve, 1));
    return false;
  }
}

/** Finds a free port outside the range of outgoing connections. */
export function freePort(): number {
  while (true) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch {
      // Taken: try another.
    }
  }
}
