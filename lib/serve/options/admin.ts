/**
 * Options of the admin listener.
 *
 * @module
 */

import { GROUP } from "../../cli/option_groups.ts";
import { type Endpoint, parseListenEndpoint } from "../../wire/endpoint.ts";
import { option, path } from "../../cli/declare_options.ts";
import type { OptionValues } from "../../cli/option.ts";

/** Options of the admin listener. */
export const ADMIN_OPTIONS = {
  "admin": option("address", {
    isNumeric: true,
    value: "HOST:PORT",
    group: GROUP.watch,
    help:
      "serve a page, metrics and the admin API here; also PORT (on 127.0.0.1) or unix:PATH[,mode=660]; an address that other machines can reach needs a token (default: not served)",
  }, (text): Endpoint => parseListenEndpoint(text)),
  "admin-token-file": path({
    requires: "admin",
    group: GROUP.watch,
    help:
      "file whose first line is the token for the admin API; the variable SLUICE_ADMIN_TOKEN does the same",
  }),
};

/** Values of the options of the admin listener. */
export type AdminOptions = OptionValues<typeof ADMIN_OPTIONS>;
