/**
 * What can be said of the admin listener.
 *
 * @module
 */

import { type Endpoint, parseListenEndpoint } from "../wire/endpoint.ts";
import { only, type OptionValues } from "./option.ts";

/** Options of the admin listener. */
export const ADMIN_OPTIONS = {
  "admin": {
    value: "HOST:PORT",
    help:
      "where a page, figures and the admin API are served, PORT (on 127.0.0.1) or unix:PATH[,mode=660] too; on an address that others can reach it wants a token (default nowhere)",
    parse: (given: readonly string[]): Endpoint | undefined => {
      const text = only(given);
      return text === undefined ? undefined : parseListenEndpoint(text);
    },
  },
  "admin-token-file": {
    value: "FILE",
    help:
      "file whose first line is the token that the admin API asks for; SLUICE_ADMIN_TOKEN in the environment does the same",
    parse: (given: readonly string[]): string | undefined => only(given),
  },
};

/** Values of the options of the admin listener. */
export type AdminOptions = OptionValues<typeof ADMIN_OPTIONS>;
