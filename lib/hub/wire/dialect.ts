/**
 * The dialect of each framing.
 *
 * @module
 */

import type { HubDialect, HubDialectOptions, HubFraming } from "./frame.ts";
import { jsonDialect } from "./json.ts";
import { length32Dialect } from "./length32.ts";
import { lineDialect } from "./line.ts";

/** Creates the dialect of TCP clients for each framing. */
export const TCP_DIALECTS: Readonly<
  Record<HubFraming, (options: HubDialectOptions) => HubDialect>
> = {
  line: lineDialect,
  length32: length32Dialect,
  json: jsonDialect,
};
