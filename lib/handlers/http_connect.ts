/**
 * A tunnel through the HTTP proxy: CONNECT (RFC 9110 §9.3.6).
 *
 * @module
 */

import type { TunnelResult } from "../net/tunnel.ts";
import { encodeHead } from "../wire/http1_head.ts";
import type { Authority } from "../wire/http1_target.ts";
import type { HttpClient } from "./http_client.ts";
import { openTarget } from "./open_target.ts";
import { runTunnel } from "./run_tunnel.ts";

/** No field may tell of a body: what follows is the tunnel. */
const ESTABLISHED = "HTTP/1.1 200 Connection established";

/**
 * Connects a client with its target. What it has sent behind the head already
 * is the first that the target gets.
 *
 * @param client The client; its request has been read.
 * @param target Where to.
 * @returns How the tunnel ended.
 * @throws What `openTarget` throws.
 */
export async function httpConnect(
  client: HttpClient,
  target: Authority,
): Promise<TunnelResult> {
  const { session } = client;
  session.record.protocol = "http-connect";
  const { host, port } = target;
  const { connection, duplex } = await openTarget(session, {
    command: "connect",
    host,
    port,
  });
  using _closing = connection;
  client.release();
  await session.answer(encodeHead(ESTABLISHED, []));
  return await runTunnel(session, duplex);
}
