/**
 * Datagrams through a chain of parents (RFC 1928 §7).
 *
 * ```text
 * sluice == connection 1 ==> parents[0]
 * sluice == connection 2 ==> parents[0] ==> parents[1]
 *
 * sluice -- [relay of 1][target|data] --> parents[0] -- [target|data] --> parents[1] -- [data] --> target
 * ```
 *
 * Each parent relays as long as its own connection is open. The connection and
 * the datagrams reach it from the same address.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { Context } from "../../sync/context.ts";
import type { Destination, Host } from "../../wire/host_name.ts";
import { formatIpAddress } from "../../wire/ip_address.ts";
import { isSameAddress } from "../../wire/ip_mapped.ts";
import {
  formatParent,
  type Parent,
  takesNames,
} from "../../wire/parent_url.ts";
import { encodeUdpHeader, parseUdpHeader } from "../../wire/socks/v5_udp.ts";
import { type Chained, type ChainOptions, dialChain } from "../chain.ts";
import { DialError } from "../dial_error.ts";
import { discard } from "../discard.ts";
import type { Duplex } from "../duplex.ts";
import { openUdp } from "./datagram_socket.ts";
import { askParentRelay, placeOfRelay, type RangeOf } from "./parent_relay.ts";
import { pumpDatagrams } from "./pump.ts";
import { UdpSender } from "./sender.ts";

/**
 * Most bytes ignored on a parent's connection; a parent that sends more is
 * dropped.
 */
const MOST_DISCARDED = 64 * 1024;

/** Options for {@linkcode associateChain}. */
export interface AssociateOptions extends ChainOptions {
  /** Tells which addresses are special (default: none). */
  rangeOf?: RangeOf;
}

/**
 * Receives a datagram that came back.
 *
 * @param datagram The datagram after a header with its source; valid until the
 *   promise settles.
 * @param length Bytes of its payload.
 * @returns Resolves once the datagram is passed on. It must not reject.
 */
export type OnReturn = (
  datagram: Uint8Array<ArrayBuffer>,
  length: number,
) => Promise<void> | undefined;

/** A connection to a parent, and its relay's address. */
interface Control {
  readonly chained: Chained;
  readonly parent: Parent;
  readonly relay: Destination;
}

/**
 * Asks all parents of a chain to relay datagrams.
 *
 * @param parents One or more parents, the nearest first.
 * @param context Stops the attempt when cancelled.
 * @param options How to reach the first parent.
 * @returns The association; the caller closes it.
 * @throws {DialError} `no udp` if a parent can't; `parent failed`, `parent
 *   timeout`, `no descriptors`.
 */
export async function associateChain(
  parents: readonly Parent[],
  context: Context,
  options: AssociateOptions,
): Promise<ParentAssociation> {
  const other = parents.find(({ scheme }) => !scheme.startsWith("socks5"));
  if (other !== undefined) {
    throw new DialError(
      "no udp",
      `Cannot relay datagrams through ${formatParent(other)}: only SOCKS5 can`,
    );
  }
  using attempt = new Context(context);
  const controls: Control[] = [];
  const opening: { duplex?: Duplex } = {};
  attempt.cancelAfter(options.timeout ?? 10_000, "Connect time");
  attempt.onCancel(() => opening.duplex?.close());
  try {
    for (let count = 1; count <= parents.length; count++) {
      const part = parents.slice(0, count);
      const isLast = count === parents.length;
      controls.push(await openControl(part, isLast, attempt, opening, options));
    }
    return new ParentAssociation(controls);
  } catch (error) {
    for (const { chained } of controls) chained.duplex.close();
    opening.duplex?.close();
    context.throwIfCancelled();
    if (!attempt.cancelled) throw error;
    const way = parents.map(formatParent).join(", ");
    throw new DialError(
      "parent timeout",
      `Cannot relay datagrams through ${way}: no answer in time`,
    );
  }
}

async function openControl(
  parents: readonly Parent[],
  isLast: boolean,
  context: Context,
  opening: { duplex?: Duplex },
  options: AssociateOptions,
): Promise<Control> {
  const { onAsked = () => {}, rangeOf = () => undefined } = options;
  const parent = parents.at(-1)!;
  const chained = await dialChain(parents, undefined, context, options);
  opening.duplex = chained.duplex;
  const asked = isLast ? onAsked : () => {};
  const bound = await askParentRelay(chained.duplex, parent, asked);
  const { remoteAddr } = chained.connection;
  const at = parents.length === 1
    ? (remoteAddr as Deno.NetAddr).hostname
    : parent.host;
  return { chained, parent, relay: placeOfRelay(bound, at, rangeOf) };
}

/** Datagrams through the parents of one chain. */
export class ParentAssociation {
  /** Whether the last parent resolves host names. */
  readonly takesNames: boolean;
  /** The connection to the last parent. */
  readonly connection: Chained["connection"];
  readonly #controls: readonly Control[];
  readonly #socket: Deno.DatagramConn;
  readonly #sender: UdpSender;
  readonly #first: Deno.NetAddr;
  /** Headers for the parents before the last one. Each parent strips one. */
  readonly #head: Uint8Array;
  #isClosed = false;

  /**
   * Opens the socket.
   *
   * @param controls One or more parents, the nearest first.
   */
  constructor(controls: readonly Control[]) {
    const [first, ...inner] = controls as readonly [Control, ...Control[]];
    const last = controls.at(-1)!;
    this.#controls = controls;
    this.takesNames = takesNames(last.parent);
    this.connection = last.chained.connection;
    const { host, port } = first.relay;
    // Sluice dials the nearest parent itself, so its address is known.
    const hostname = formatIpAddress(host as Uint8Array);
    this.#first = { transport: "udp", hostname, port };
    this.#head = concat(
      inner.map(({ relay }) => encodeUdpHeader(relay.host, relay.port)),
    );
    const { localAddr } = first.chained.connection;
    const isLocal = isOfFamily(localAddr.hostname, hostname);
    const any = hostname.includes(":") ? "::" : "0.0.0.0";
    // The parent only accepts datagrams from the address of the connection.
    this.#socket = openUdp(isLocal ? localAddr.hostname : any);
    this.#sender = new UdpSender(this.#socket);
  }

  /**
   * Sends a payload.
   *
   * @param host The target; a name only if {@linkcode takesNames}.
   * @param port Port of the target, 1 to 65535.
   * @param payload The payload, which is copied.
   * @throws The socket's error. It concerns only this datagram.
   */
  async send(host: Host, port: number, payload: Uint8Array): Promise<void> {
    const header = encodeUdpHeader(host, port);
    const datagram = concat([this.#head, header, payload]);
    await this.#sender.send(datagram, this.#first);
  }

  /**
   * Passes on returning datagrams until the association is closed or a parent
   * ends its connection.
   *
   * @param onReturn Receives each datagram.
   * @returns The parent that ended it; `undefined` if it was closed here.
   */
  async run(onReturn: OnReturn): Promise<string | undefined> {
    const pump = pumpDatagrams(this.#socket, (datagram, from) => {
      const { hostname, port } = this.#first;
      if (from.hostname !== hostname || from.port !== port) return undefined;
      const inner = this.#unwrap(datagram);
      const header = inner && parseUdpHeader(inner);
      if (header === undefined) return undefined;
      return onReturn(inner!, inner!.length - header.length);
    }, 0);
    const ends = this.#controls.map(async ({ chained, parent }) => {
      // Whether the connection ends or fails, the parent stops relaying.
      await discard(chained.duplex, MOST_DISCARDED).catch(() => {});
      return formatParent(parent);
    });
    const parent = await Promise.race(ends);
    const isOurs = this.#isClosed;
    this.close();
    await Promise.all([pump, ...ends]);
    return isOurs ? undefined : parent;
  }

  /** Ends the association. Can be called again. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
    for (const { chained } of this.#controls) chained.duplex.close();
  }

  /** Removes the headers of the relays that a datagram has passed. */
  #unwrap(
    datagram: Uint8Array<ArrayBuffer>,
  ): Uint8Array<ArrayBuffer> | undefined {
    let rest = datagram;
    for (const { relay } of this.#controls.slice(1)) {
      const header = parseUdpHeader(rest);
      if (header === undefined || !isFrom(relay, header)) return undefined;
      rest = rest.subarray(header.length);
    }
    return rest;
  }
}

function isOfFamily(hostname: string, other: string): boolean {
  return hostname.includes(":") === other.includes(":");
}

/** For a relay whose name only a parent resolves, just the port is known. */
function isFrom(
  relay: Destination,
  { host, port }: Destination,
): boolean {
  if (port !== relay.port) return false;
  if (typeof relay.host === "string" || typeof host === "string") return true;
  return isSameAddress(relay.host, host);
}
