/**
 * Sends datagrams in order.
 *
 * @module
 */

/**
 * Sends one datagram after the other. Concurrent sends of one socket wake in
 * any order, which would shuffle a burst.
 */
export class UdpSender {
  readonly #socket: Deno.DatagramConn;
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Creates a sender.
   *
   * @param socket Socket to send from; its opener closes it.
   */
  constructor(socket: Deno.DatagramConn) {
    this.#socket = socket;
  }

  /**
   * Sends a datagram after those before it.
   *
   * @param bytes The datagram; not to be changed until the promise settles.
   * @throws The socket's error, which concerns this datagram alone.
   */
  async send(bytes: Uint8Array, to: Deno.NetAddr): Promise<void> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    try {
      await this.#socket.send(bytes, to);
    } finally {
      resolve();
    }
  }
}
