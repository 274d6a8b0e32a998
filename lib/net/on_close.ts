/**
 * Calls back when this side closes a connection.
 *
 * @module
 */

import type { Connection } from "./connection.ts";

/**
 * Calls back once when a connection is closed from this side.
 *
 * @param connection The connection; its `close` methods are replaced.
 * @param callback Called before the connection closes.
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
