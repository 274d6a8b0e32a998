/**
 * The option of headers that announce the client.
 *
 * @module
 */

import { GROUP } from "../../cli/option_groups.ts";
import { PROXY_VERSIONS } from "../proxy_header.ts";
import { choice } from "../../cli/declare_options.ts";

/** Option of the header. */
export const SEND_PROXY_OPTIONS = {
  "send-proxy": choice(PROXY_VERSIONS, {
    group: GROUP.upstream,
    setting: "sendProxy",
    help:
      "send the client's address to the target in a PROXY protocol header (default: send none)",
  }),
};
