/**
 * What stands before the tunnel of a relay: a header, TLS, a look at the name
 * that a client asks for.
 *
 * @module
 */

import type { RuleBook } from "../policy/rules/rules.ts";
import type { TunnelResult } from "../net/tunnel.ts";
import type { Protocol } from "../serve/connection.ts";
import type { Session } from "../serve/session.ts";
import { addLayers } from "../serve/add_layers.ts";
import { agreeAsUpstream } from "./alpn.ts";
import type { ForwardSettings } from "./options.ts";
import { forward, type ForwardServices } from "./relay.ts";
import { peekHello } from "../serve/tls/peek_hello.ts";

/**
 * Chooses what clients of a relay are spoken with.
 *
 * @param config The relay's settings.
 * @param rules Who may come (default: everyone).
 * @returns From the first byte of a client to the end of its tunnel.
 */
export function protocolOf(
  config: ForwardSettings,
  rules: RuleBook | undefined,
): Protocol<ForwardServices> {
  const { protocols, serverNames, tls } = config;
  if (protocols === "upstream" && tls !== undefined) {
    return addLayers({ ...config, tls: undefined }, agreeAsUpstream(tls));
  }
  const isPeeked = serverNames.size > 0;
  if (tls !== undefined || rules === undefined && !isPeeked) {
    return addLayers(config, forward);
  }
  // Rules may begin to ask for names while it runs.
  const asksNames = () => isPeeked || rules?.current.asksNames === true;
  return addLayers(
    config,
    (session) => asksNames() ? peek(session) : forward(session),
  );
}

/** Reads the server name of a client first, and consumes no byte. */
async function peek(session: Session<ForwardServices>): Promise<TunnelResult> {
  await peekHello(session);
  return await forward(session);
}
