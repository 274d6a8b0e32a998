/**
 * The input for drawing a screen.
 *
 * @module
 */

import type { Picture } from "./picture.ts";
import type { Size } from "./terminal_screen.ts";
import type { View } from "./view.ts";

/** The input for drawing a screen. */
export interface Frame {
  /** The server. */
  readonly picture: Picture;
  /** The panel, the selections and the order. */
  readonly view: View;
  /** The size of the terminal. */
  readonly size: Size;
  /** Address of the admin listener, as shown. */
  readonly address: string;
  /** Whether to use colours and bold text. */
  readonly isStyled: boolean;
}
