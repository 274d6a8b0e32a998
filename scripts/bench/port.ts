/**
 * Ports for servers that are not started by a test.
 *
 * @module
 */

/**
 * Tries whether someone listens on a port of 127.0.0.1; if not, waits a moment.
 *
 * @returns Whether someone does.
 */
export async function isListening(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    // Short, for it is what start times are measured with.
    await new Promise((resolve) => setTimeout(resolve, 1));
    return false;
  }
}

/**
 * Finds a port that is free now, and not soon taken for an outgoing connection.
 */
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
