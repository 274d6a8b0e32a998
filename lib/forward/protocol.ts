/**
 * What stands before the tunnel of a relay: a header, TLS, a look at the name
 * that a client asks for.
 *
 * @module
 */

import type { RuleBook } from "../policy/rules/rules.ts";
import type { Protocol } from "../serve/connection.ts";
import { addLayers, type LayersConfig } from "../serve/add_layers.ts";
import type { AgreedProtocols } from "../serve/options/alpn.ts";
import { agreeAsUpstream } from "./alpn.ts";
import { forward, type ForwardServices } from "./relay.ts";
import { peekServerName } from "./sni.ts";

/** Settings that decide about it. */
export interface ProtocolConfig extends LayersConfig {
  /** Protocols that clients may agree on by ALPN. */
  protocols?: AgreedProtocols | undefined;
  /** Who may come. */
  rules?: RuleBook;
  /** Where clients go that ask for a server in TLS, by its name. */
  serverNames?: ReadonlyMap<string, unknown>;
}

/**
 * Chooses what clients of a relay are spoken with.
 *
 * @param config The relay's settings.
 * @returns From the first byte of a client to the end of its tunnel.
 */
export function protocolOf(config: ProtocolConfig): Protocol<ForwardServices> {
  const { protocols, rules, serverNames, tls } = config;
  if (protocols === "upstream" && tls !== undefined) {
    return addLayers({ ...config, tls: undefined }, agreeAsUpstream(tls));
  }
  const isPeeked = (serverNames?.size ?? 0) > 0 && tls === undefined;
  const peeking = peekServerName(forward);
  if (isPeeked) return addLayers(config, peeking);
  // Rules may begin to ask for names while it runs.
  const asksNames = () => rules?.current.asksNames === true;
  return rules === undefined || tls !== undefined
    ? addLayers(config, forward)
    : addLayers(
      config,
      (session) => asksNames() ? peeking(session) : forward(session),
    );
}
