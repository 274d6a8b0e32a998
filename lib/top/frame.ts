/**
 * Everything that a screen is drawn from.
 *
 * @module
 */

import type { Picture } from "./picture.ts";
import type { Size } from "./terminal_screen.ts";
import type { View } from "./view.ts";

/** Everything that a screen is drawn from. */
export interface Frame {
  /** The server. */
  readonly picture: Picture;
  /** What to show of it. */
  readonly view: View;
  /** The room for it. */
  readonly size: Size;
  /** Name of the admin listener's address. */
  readonly address: string;
  /** Whether the terminal has styles. */
  readonly isStyled: boolean;
}
