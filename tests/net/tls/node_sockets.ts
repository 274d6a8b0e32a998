/**
 * Node sockets as connections, over TCP and TLS, with a Deno socket as the
 * peer.
 *
 * @module
 */

import net from "node:net";
import tls from "node:tls";
import {
  NodeConnection,
  type NodeConnectionOptions,
} from "../../../lib/net/tls/node_connection.ts";
import { NodeTransport } from "../../../lib/net/tls/node_transport.ts";
import { CERTIFICATE, KEY } from "../../support/tls_identity.ts";

/** A connection and its other end. */
export interface NodePair extends Disposable {
  near: NodeConnection;
  far: Deno.Conn;
}

const LOOPBACK = { hostname: "127.0.0.1", port: 0 } as const;

/** Ways to create a pair. */
export const NODE_PAIRS: Readonly<Record<string, () => Promise<NodePair>>> = {
  "a TCP socket": tcpPair,
  "a TLS client": tlsClientPair,
  "a TLS server": tlsServerPair,
};

async function tcpPair(): Promise<NodePair> {
  using listener = Deno.listen(LOOPBACK);
  const { port } = listener.addr;
  const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const [far] = await Promise.all([
    listener.accept(),
    once(socket, "connect"),
  ]);
  return pair(socket, far);
}

async function tlsClientPair(): Promise<NodePair> {
  using listener = Deno.listenTls({
    ...LOOPBACK,
    cert: CERTIFICATE,
    key: KEY,
  });
  const { port } = listener.addr;
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const transport = new NodeTransport(connection);
  const options = {
    socket: transport,
    servername: "localhost",
    ca: CERTIFICATE,
    allowHalfOpen: true, // Missing in the types, but Node accepts it.
  };
  const socket = tls.connect(options);
  async function accept(): Promise<Deno.TlsConn> {
    const conn = await listener.accept();
    await conn.handshake();
    return conn;
  }
  const [far] = await Promise.all([accept(), once(socket, "secureConnect")]);
  return pair(socket, far, { ends: connection, flow: transport.flow });
}

async function tlsServerPair(): Promise<NodePair> {
  using listener = Deno.listen(LOOPBACK);
  const { port } = listener.addr;
  const options = { hostname: "localhost", port, caCerts: [CERTIFICATE] };
  const [connection, far] = await Promise.all([
    listener.accept(),
    Deno.connectTls(options),
  ]);
  const transport = new NodeTransport(connection);
  // The types know only net.Socket, and not allowHalfOpen.
  const socket = new tls.TLSSocket(
    transport as unknown as net.Socket,
    {
      isServer: true,
      secureContext: tls.createSecureContext({ cert: CERTIFICATE, key: KEY }),
      allowHalfOpen: true,
    } as tls.TLSSocketOptions,
  );
  await far.handshake();
  return pair(socket, far, { ends: connection, flow: transport.flow });
}

function pair(
  socket: net.Socket,
  far: Deno.Conn,
  options?: NodeConnectionOptions,
): NodePair {
  const near = new NodeConnection(socket, options);
  return {
    near,
    far,
    [Symbol.dispose]() {
      near.close();
      far[Symbol.dispose]();
    },
  };
}

async function once(emitter: net.Socket, event: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  emitter.once(event, () => resolve());
  emitter.once("error", reject);
  await promise;
}
