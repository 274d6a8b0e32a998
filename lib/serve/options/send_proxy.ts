/**
 * What can be said of headers that tell who the client is.
 *
 * @module
 */

import { PROXY_VERSIONS } from "../proxy_header.ts";
import { choice } from "../../cli/declare_options.ts";

/** Option of the header. */
export const SEND_PROXY_OPTIONS = {
  "send-proxy": choice(PROXY_VERSIONS, {
    setting: "sendProxy",
    help:
      "send the client's address, and the one that it has connected to, to the target or upstream, by a header of the PROXY protocol in front of everything else (default: not)",
  }),
};
