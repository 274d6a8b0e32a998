/**
 * The effect of a key.
 *
 * @module
 */

/** A call that ends tunnels, or bans a client. */
export type ChangeCall =
  | `DELETE /api/tunnels/${number}`
  | `DELETE /api/tunnels?${string}`
  | `POST /api/bans?${string}`;

/** The effect of a key, besides a redraw. */
export type KeyResult =
  /** Only redraw. */
  | { readonly is: "draw" }
  /** Take another picture, even during a pause. */
  | { readonly is: "look" }
  /** Request other figures from the server. */
  | { readonly is: "ask" }
  /** Clear the screen and draw everything again. */
  | { readonly is: "redraw" }
  /** Suspend the program until the shell resumes it. */
  | { readonly is: "stop" }
  /** End the program. */
  | { readonly is: "quit" }
  /** Send a call that ends tunnels or bans a client. */
  | { readonly is: "change"; readonly call: ChangeCall };

/** Only redraws. */
export const DRAW: KeyResult = { is: "draw" };

/** Takes another picture. */
export const LOOK: KeyResult = { is: "look" };
