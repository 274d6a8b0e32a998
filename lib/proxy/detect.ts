/**
 * Serves every protocol on one port: the first byte tells them apart.
 *
 * @module
 */

import type { TunnelResult } from "../net/tunnel.ts";
import { Refusal } from "../policy/limits/refusal.ts";
import type { Protocol } from "../serve/connection.ts";
import { http } from "./http/serve.ts";
import type {
  ProtocolName,
  ProxyServices,
  ProxySession,
} from "../serve/proxy_services.ts";
import type { LastPart } from "../serve/run_tunnel.ts";
import { socks4 } from "./socks4.ts";
import { socks5 } from "./socks5.ts";

const LF = 0x0a;
const CR = 0x0d;

const HANDLERS: Readonly<Record<ProtocolName, Protocol<ProxyServices>>> = {
  socks5,
  socks4,
  http,
};

/**
 * Handles a client by its first byte, without consuming it. Only HTTP may begin
 * with an empty line.
 *
 * @param session The client.
 * @returns Its tunnel, or how that ended.
 * @throws {Refusal} `forbidden` if the byte belongs to no protocol of this
 *   listener.
 */
export async function detect(
  session: ProxySession,
): Promise<TunnelResult | LastPart> {
  const { reader, services } = session;
  const first = await reader.peek();
  const name = await beginsWithEmptyLine(session, first)
    ? "http"
    : protocolOf(first);
  if (name === undefined || !services.protocols.has(name)) {
    const byte = first.toString(16).padStart(2, "0");
    throw new Refusal(
      "forbidden",
      `Cannot speak ${
        name ?? "the client's protocol"
      }: first byte is 0x${byte}`,
    );
  }
  return await HANDLERS[name](session);
}

/**
 * Only an HTTP client sends CRLF first, which the HTTP handler skips (RFC 9112
 * §2.2).
 */
async function beginsWithEmptyLine(
  { reader, services }: ProxySession,
  first: number,
): Promise<boolean> {
  if (first !== CR || !services.protocols.has("http")) return false;
  try {
    const pair = await reader.readExact(2);
    reader.unread(pair);
    return pair[1] === LF;
  } catch (error) {
    if (error instanceof Deno.errors.UnexpectedEof) return false;
    throw error;
  }
}

/** A letter begins the method of an HTTP request (RFC 9110 §9.1). */
function protocolOf(byte: number): ProtocolName | undefined {
  if (byte === 0x05) return "socks5";
  if (byte === 0x04) return "socks4";
  const isLetter = byte >= 0x41 && byte <= 0x5a || byte >= 0x61 && byte <= 0x7a;
  return isLetter ? "http" : undefined;
}
