/**
 * The error of a connection that Sluice ends by decision.
 *
 * @module
 */

import type { ConnectionCode } from "./connection_code.ts";

/** Why Sluice ends a connection. */
export class CutError extends Error {
  /** The code that the log has for it. */
  readonly reasonCode: ConnectionCode;

  /**
   * Constructs an error.
   *
   * @param reasonCode The code that the log has for it.
   * @param message Why, in one line.
   */
  constructor(reasonCode: ConnectionCode, message: string) {
    super(message);
    this.name = "CutError";
    this.reasonCode = reasonCode;
  }
}

/** Makes the error of a connection that gives its place to another one. */
export function placeNeeded(): CutError {
  return new CutError("place-needed", "Another connection needs its place");
}
