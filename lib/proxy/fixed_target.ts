/**
 * A port that leads to one target, for programs that know no proxy. The rules
 * hold for it as for a client that asks.
 *
 * @module
 */

import type { Protocol } from "../serve/connection.ts";
import type { ProxyServices } from "../serve/proxy_services.ts";
import { connectTarget } from "../serve/target/open_target.ts";
import { parseHost } from "../wire/host_name.ts";
import type { HostPort } from "../wire/host_port.ts";

const NOTHING = new Uint8Array();

/**
 * Makes the protocol of such a port.
 *
 * @param target Where it leads.
 * @returns What is spoken there.
 */
export function leadTo({ host, port }: HostPort): Protocol<ProxyServices> {
  const wish = { host: parseHost(host), port, isFixed: true };
  return (session) => {
    session.record.protocol = "tcp";
    session.endHandshake();
    session.reader.release();
    // Not awaited: nothing of this is kept while the tunnel is open.
    return connectTarget(session, wish, () => NOTHING);
  };
}
