/**
 * What can be said of headers that tell who the client is.
 *
 * @module
 */

import { PROXY_VERSIONS, type ProxyVersion } from "../handlers/proxy_header.ts";
import { only } from "./option.ts";

/** Option of the header. */
export const SEND_PROXY_OPTIONS = {
  "send-proxy": {
    value: PROXY_VERSIONS.join("|"),
    help:
      "send the client's address, and the one that it has connected to, to the target or upstream, by a header of the PROXY protocol in front of everything else (default: not)",
    parse: (given: readonly string[]): ProxyVersion | undefined => {
      const text = only(given);
      return text === undefined ? undefined : parseVersion(text);
    },
  },
};

function parseVersion(text: string): ProxyVersion {
  const found = PROXY_VERSIONS.find((version) => version === text);
  if (found !== undefined) return found;
  throw new SyntaxError(`'${text}' is none of ${PROXY_VERSIONS.join(", ")}`);
}
