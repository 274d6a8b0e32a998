/**
 * What follows from a key.
 *
 * @module
 */

/** A call that ends tunnels, or bans a client. */
export type ChangeCall =
  | `DELETE /api/tunnels/${number}`
  | `DELETE /api/tunnels?${string}`
  | `POST /api/bans?${string}`;

/** What follows from a key, besides a new drawing. */
export type KeyResult =
  /** Nothing. */
  | { readonly is: "draw" }
  /** Another picture is needed, also during a pause. */
  | { readonly is: "look" }
  /** Other figures are needed from the server. */
  | { readonly is: "ask" }
  /** Everything is to be drawn again. */
  | { readonly is: "redraw" }
  /** The program is to stop until the shell continues it. */
  | { readonly is: "stop" }
  /** The program is to end. */
  | { readonly is: "quit" }
  /** Tunnels are to be ended. */
  | { readonly is: "change"; readonly call: ChangeCall };
