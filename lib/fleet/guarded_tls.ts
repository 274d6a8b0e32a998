/**
 * Keeps an error of the Redis client's TLS socket from ending the program.
 *
 * The client listens only to the first error of a socket. With TLS 1.3, a
 * server can refuse a certificate after the handshake. This causes a second
 * error, and an error without a listener is thrown.
 *
 * @module
 */

import tls from "node:tls";

/** Marks the options of sockets to guard. */
const GUARDED: unique symbol = Symbol("guarded");

const { connect } = tls;

/**
 * Guards the sockets that are opened with these options. Other sockets are not
 * affected.
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
