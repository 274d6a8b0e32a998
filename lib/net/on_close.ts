/**
 * Noticing that a connection is closed, whoever closes it.
 *
 * @module
 */

import type { Connection } from "./connection.ts";

/**
 * Calls back once when a connection is closed from this side.
 *
 * @param connection The connection; its own `close` methods are replaced.
 * @param callback What to call, before the connection closes.
 */
export function onClose(connection: Connection, callback: () => void): void {
  let isOpen = true;
  for (const name of ["close", Symbol.dispose] as const) {
    const close = connection[name].bind(connection);
    connection[name] = () => {
      if (isOpen) callback();
      isOpen = false;
      close();
    };
  }
}
