/**
 * Keeps an error of a TLS socket of the Redis client from ending the program.
 *
 * The client listens to the first error of a socket only. Over TLS 1.3 a server
 * can refuse a certificate after the handshake, which makes a second one, and
 * an error that nobody listens to is thrown.
 *
 * @module
 */

import tls from "node:tls";

/** Marks the options of sockets to guard. */
const GUARDED: unique symbol = Symbol("guarded");

const { connect } = tls;

/**
 * Guards the sockets of which these options are part. Other sockets stay as
 * they are.
 *
 * @returns The options.
 */
export function guardedTls(): { tls: true } {
  tls.connect = connectGuarded as typeof tls.connect;
  return { tls: true, [GUARDED]: true } as { tls: true };
}

function connectGuarded(
  ...args: Parameters<typeof connect>
): ReturnType<typeof connect> {
  const socket = connect(...args);
  const [options] = args as unknown[];
  const isOurs = typeof options === "object" && options !== null &&
    GUARDED in options;
  if (isOurs) socket.on("error", () => {});
  return socket;
}
