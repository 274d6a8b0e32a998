/**
 * Sending datagrams in order.
 *
 * @module
 */

/**
 * Sends one datagram after the other. Sends that wait for a socket at the same
 * time are woken in any order, which would shuffle a burst.
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
   * Sends a datagram when those before it have been sent.
   *
   * @param bytes The datagram; to be left as it is until the promise settles.
   * @throws The socket's error, which is that of this datagram alone.
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
