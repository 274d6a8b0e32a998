/**
 * What can be said of the admin listener.
 *
 * @module
 */

import { type Endpoint, parseListenEndpoint } from "../../wire/endpoint.ts";
import { option, path } from "../../cli/declare_options.ts";
import type { OptionValues } from "../../cli/option.ts";

/** The heading of these options. */
const GROUP = "Page, figures and API";

/** Options of the admin listener. */
export const ADMIN_OPTIONS = {
  "admin": option("address", {
    isNumeric: true,
    value: "HOST:PORT",
    group: GROUP,
    help:
      "where a page, figures and the admin API are served, PORT (on 127.0.0.1) or unix:PATH[,mode=660] too; on an address that others can reach it wants a token (default nowhere)",
  }, (text): Endpoint => parseListenEndpoint(text)),
  "admin-token-file": path({
    requires: "admin",
    group: GROUP,
    help:
      "file whose first line is the token that the admin API asks for; SLUICE_ADMIN_TOKEN in the environment does the same",
  }),
};

/** Values of the options of the admin listener. */
export type AdminOptions = OptionValues<typeof ADMIN_OPTIONS>;
