/**
 * The option for protocols that clients negotiate in TLS (ALPN, RFC 7301).
 *
 * @module
 */

import { GROUP } from "../../cli/option_groups.ts";
import { collected } from "../../cli/declare_options.ts";
import type { Option } from "../../cli/option.ts";

/** Leaves the choice to the upstream. */
const UPSTREAM = "upstream" as const;

/** Registered names begin with a letter; none has a comma. */
const NAME = /^[A-Za-z][!-+\--~]{0,254}$/;

/**
 * Protocols to negotiate with clients, the preferred first; `upstream` leaves
 * the choice to the upstream.
 */
export type AgreedProtocols = readonly string[] | "upstream";

/** The option; without it no protocol is negotiated. */
export const ALPN_OPTION: Option<AgreedProtocols | undefined, "protocols"> =
  collected("text", {
    value: "NAME,…|upstream",
    group: GROUP.tls,
    requires: "tls-cert",
    setting: "protocols",
    help:
      "protocols that Sluice offers by ALPN, the preferred first, such as h2,http/1.1; 'upstream' lets the tls:// upstream choose from the client's list (default: no ALPN)",
  }, (given) => {
    const names = given.flatMap((text) => text.split(","));
    if (names.length === 0) return undefined;
    if (names.includes(UPSTREAM)) {
      if (names.length === 1) return UPSTREAM;
      throw new SyntaxError(`'${UPSTREAM}' stands alone`);
    }
    for (const [index, name] of names.entries()) {
      if (!NAME.test(name)) {
        throw new SyntaxError(
          `'${name}' is not the name of a protocol, such as h2 or http/1.1`,
        );
      }
      if (names.indexOf(name) < index) {
        throw new SyntaxError(`'${name}' is given twice`);
      }
    }
    return names;
  });
