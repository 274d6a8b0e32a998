/**
 * Opens the connection of `sluice connect`, with errors that a person can act
 * on.
 *
 * @module
 */

import type { ByteChannel } from "../net/connection.ts";
import { Duplex } from "../net/duplex.ts";
import { DatagramConnection } from "../net/udp/datagram_connection.ts";
import { type Chained, type StartTls, underneath } from "../net/chain.ts";
import { dial } from "../net/dial.ts";
import { DialError } from "../net/dial_error.ts";
import type { FamilyPreference } from "../net/names/family_preference.ts";
import { Resolver } from "../net/names/resolver.ts";
import { openUdp } from "../net/udp/datagram_socket.ts";
import { connectUnix } from "../net/unix_socket.ts";
import { TlsError } from "../net/tls/tls_error.ts";
import { Context } from "../sync/context.ts";
import type { Host } from "../wire/host_name.ts";
import { formatHostPort } from "../wire/host_port.ts";
import { formatIpAddress, type IpAddress } from "../wire/ip_address.ts";
import type { ConnectOptions } from "./options.ts";
import { formatConnectTarget } from "./target.ts";
import {
  openParents,
  type ParentConfig,
} from "../serve/target/open_parents.ts";
import { StartError } from "../cli/usage_error.ts";

/** What leads to the target. */
export interface RemoteWay {
  /** Parent proxies on the way. */
  parents: ParentConfig;
  /** Starts TLS with parents, and with the target if the options say so. */
  startTls: StartTls | undefined;
}

/** An open connection. */
export interface Remote {
  /** The connection; the caller closes it. */
  connection: ByteChannel;
  /** Its streams, if some bytes have already been read. */
  duplex?: Duplex;
  /** Description of its destination, for people. */
  at: string;
}

/**
 * Opens a connection.
 *
 * @param options The target, and how to reach it.
 * @param context Gives up when cancelled.
 * @throws {StartError} If the target can't be reached; the message says why.
 * @throws The reason of the cancellation.
 */
export async function openRemote(
  options: ConnectOptions,
  context: Context,
  { parents: config, startTls }: RemoteWay,
): Promise<Remote> {
  const { json: isLines, target } = options;
  const name = formatConnectTarget(target);
  const inside = options.tls ? startTls : undefined;
  using attempt = new Context(context);
  attempt.cancelAfter(options["connect-timeout"], "Connect time");
  try {
    if ("path" in target) {
      return { connection: await connectUnix(target.path, attempt), at: name };
    }
    const { host, port } = target;
    using names = new Resolver({ preference: preferenceOf(options) });
    const parents = openParents(config, {
      resolver: names,
      outgoing: {},
      timeout: 0,
      startTls,
      log: () => {},
    })?.find(undefined);
    if (parents !== undefined) {
      const client = { client: "", context: attempt };
      const { way, ...through } = await parents.dial({ host, port }, client);
      const at = `${name} through ${way}`;
      return await secure({ ...through, at }, host, attempt, inside);
    }
    const addresses = await names.resolve(host, attempt);
    if (options.udp) {
      const linger = options["half-close-timeout"];
      return openDatagrams(addresses[0]!, port, { linger, isLines });
    }
    const dialled = await dial(addresses, port, attempt, { timeout: 0 });
    const at = formatHostPort(dialled.address, port);
    const { connection } = dialled;
    const duplex = new Duplex(connection);
    const label = at === name ? name : `${name} [${at}]`;
    const plain = { connection, duplex, at: label };
    return await secure(plain, host, attempt, inside);
  } catch (error) {
    context.throwIfCancelled();
    if (attempt.cancelled) {
      const message = `Cannot reach ${name}: no answer in time`;
      throw new StartError(message, { cause: error });
    }
    if (!(error instanceof DialError || error instanceof TlsError)) throw error;
    throw new StartError(error.message, { cause: error });
  }
}

function preferenceOf({ ipv4, ipv6 }: ConnectOptions): FamilyPreference {
  if (ipv4) return "only-ipv4";
  return ipv6 ? "only-ipv6" : "system";
}

async function secure(
  plain: Chained & { at: string },
  host: Host,
  context: Context,
  startTls: StartTls | undefined,
): Promise<Remote> {
  if (startTls === undefined) return plain;
  try {
    const name = typeof host === "string" ? host : formatIpAddress(host);
    const peer = { host: name, context };
    const connection = await startTls(underneath(plain), peer);
    return { connection, at: `${plain.at} over TLS` };
  } catch (error) {
    plain.duplex.close();
    throw error;
  }
}

function openDatagrams(
  address: IpAddress,
  port: number,
  options: { linger: number; isLines: boolean },
): Remote {
  const socket = openUdp(address.length === 4 ? "0.0.0.0" : "::");
  const hostname = formatIpAddress(address);
  const peer: Deno.NetAddr = { transport: "udp", hostname, port };
  return {
    connection: new DatagramConnection(socket, peer, options),
    at: `${formatHostPort(address, port)} over UDP`,
  };
}
