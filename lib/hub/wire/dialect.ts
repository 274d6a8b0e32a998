/**
 * The dialect of each framing.
 *
 * @module
 */

import type { HubDialect, HubDialectOptions, HubFraming } from "./frame.ts";
import { jsonDialect } from "./json.ts";
import { length32Dialect } from "./length32.ts";
import { lineDialect } from "./line.ts";

const DIALECTS: Readonly<
  Record<HubFraming, (options: HubDialectOptions) => HubDialect>
> = {
  line: lineDialect,
  length32: length32Dialect,
  json: jsonDialect,
};

/**
 * Creates the dialect of a hub's TCP clients.
 *
 * @param framing How clients separate messages.
 * @param options Settings of the dialect.
 */
export function tcpDialect(
  framing: HubFraming,
  options: HubDialectOptions,
): HubDialect {
  return DIALECTS[framing](options);
}
