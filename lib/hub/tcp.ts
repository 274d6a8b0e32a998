/**
 * The hub over plain TCP.
 *
 * @module
 */

import type { TunnelResult } from "../net/tunnel.ts";
import { CLOSE } from "./wire/websocket.ts";
import { describeError } from "../observe/describe_error.ts";
import { serveHubClient } from "./client.ts";
import type { HubServices } from "./services.ts";
import type { Session } from "../serve/session.ts";

/**
 * Serves a TCP client, which joins the hub without a handshake.
 *
 * @param session The client.
 * @returns How it ended.
 * @throws {Refusal} If the hub has too many clients.
 */
export async function hubTcp(
  session: Session<HubServices>,
): Promise<TunnelResult> {
  const { dialect } = session.services;
  session.record.protocol = "hub";
  session.refusals = {
    encode: (error) =>
      dialect.encodeFarewell(describeError(error), CLOSE.TryAgainLater),
  };
  const admission = session.admit();
  if (admission !== undefined) await admission;
  session.endHandshake();
  return await serveHubClient(session, dialect);
}
