/**
 * Relays datagrams between one client and its targets (RFC 1928 §7).
 *
 * ```text
 *           relay socket             one socket for IPv4, one for IPv6
 * client  -- [header|data] -> sluice -- [data] -> target
 *         <- [header|data] --        <- [data] --
 * ```
 *
 * @module
 */

import type { OutgoingAddresses } from "../../net/outgoing.ts";
import { openUdp } from "../../net/udp/datagram_socket.ts";
import { pumpDatagrams } from "../../net/udp/pump.ts";
import { UdpSender } from "../../net/udp/sender.ts";
import type { Paces } from "../../policy/limits/rate_limits.ts";
import { WaitGroup } from "../../sync/wait_group.ts";
import type { Destination, Host } from "../../wire/host_name.ts";
import { formatIpAddress, type IpAddress } from "../../wire/ip_address.ts";
import { unmapAddress } from "../../wire/ip_mapped.ts";
import {
  LONGEST_ENCODED,
  parseUdpHeader,
  type UdpHeader,
} from "../../wire/socks/v5_udp.ts";
import { type Addresses, type Lookup, UdpNames } from "./names.ts";
import { type UdpTarget, UdpTargets } from "./targets.ts";
import { ToldTargets } from "./told_targets.ts";
import { type Waited, WaitingDatagrams } from "./waiting.ts";

/** Options of a relay. */
export interface UdpRelayOptions {
  /** Address of the client; datagrams from others are dropped. */
  client: IpAddress;
  /** The client's announced port; 0 takes the port of its first datagram. */
  clientPort: number;
  /** Finds the addresses of a name. */
  lookup: Lookup;
  /** Chooses the route to a host. */
  route: RouteFor;
  /** Source addresses. */
  outgoing: OutgoingAddresses;
  /** Rates of the two directions; excess datagrams are dropped. */
  paces?: Paces | undefined;
}

/** A route through parents. */
export interface ParentWay {
  /** Whether it resolves names. */
  readonly takesNames: boolean;
  /**
   * Sends a payload.
   *
   * @throws The socket's error, which concerns only this datagram.
   */
  send(host: Host, port: number, payload: Uint8Array): Promise<void>;
}

/** Route to a host: direct, through parents, or none. */
export type DatagramRoute = "direct" | ParentWay | undefined;

/**
 * Chooses the route of a datagram to an address, or to a name while its address
 * is unknown. It may have to open the route.
 */
export type RouteFor = (
  ip: IpAddress | undefined,
  asked: Destination,
) => DatagramRoute | Promise<DatagramRoute>;

/** The datagrams of one association. */
export class UdpRelay {
  /** Relayed datagrams in each direction, and dropped ones. */
  readonly datagrams = { sent: 0, received: 0, dropped: 0 };
  /** Bytes of payload in each direction. */
  readonly bytes = { sent: 0, received: 0 };
  /** The first targets. */
  readonly told = new ToldTargets();

  readonly #sockets: Deno.DatagramConn[] = [];
  readonly #toClient: UdpSender;
  readonly #clientHost: string;
  readonly #route: RouteFor;
  readonly #paces: Paces | undefined;
  readonly #names: UdpNames;
  readonly #outgoing: OutgoingAddresses;
  readonly #targets = new UdpTargets();
  readonly #work = new WaitGroup();
  readonly #waiting = new WaitingDatagrams();
  #clientPort: number;
  /** The client's address and port, once it has sent a datagram. */
  #client: Deno.NetAddr | undefined;
  #ipv4: UdpSender | undefined;
  #ipv6: UdpSender | undefined;
  #closed = false;

  /**
   * Starts the relay.
   *
   * @param socket Socket for the client; the relay closes it.
   */
  constructor(socket: Deno.DatagramConn, options: UdpRelayOptions) {
    this.#sockets.push(socket);
    this.#toClient = new UdpSender(socket);
    this.#clientHost = formatIpAddress(options.client);
    this.#clientPort = options.clientPort;
    this.#route = options.route;
    this.#paces = options.paces;
    this.#names = new UdpNames(options.lookup);
    this.#outgoing = options.outgoing;
    this.#work.add(pumpDatagrams(socket, this.#fromClient, 0));
  }

  /** The port for the client. */
  get port(): number {
    return (this.#sockets[0]!.addr as Deno.NetAddr).port;
  }

  /**
   * Closes all sockets. Can be repeated.
   *
   * @returns Resolves once nothing is pending, apart from lookups.
   */
  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      for (const socket of this.#sockets) socket.close();
    }
    await this.#work.wait();
  }

  #fromClient = (
    datagram: Uint8Array<ArrayBuffer>,
    from: Deno.NetAddr,
  ): Promise<void> | undefined => {
    if (!this.#isClient(from)) return this.#drop();
    const header = parseUdpHeader(datagram);
    if (header === undefined) return this.#drop();
    const payload = datagram.subarray(header.length);
    return this.#forward(header, payload);
  };

  /**
   * Passes a datagram to the client.
   *
   * @param datagram The datagram with its header.
   * @param length Bytes behind the header.
   */
  passBack(
    datagram: Uint8Array<ArrayBuffer>,
    length: number,
  ): Promise<void> | undefined {
    if (this.#client === undefined || this.#closed) return this.#drop();
    const down = this.#paces?.down;
    if (down?.admitDatagram(length) === false) return this.#drop();
    return this.#pass(this.#toClient.send(datagram, this.#client), () => {
      this.datagrams.received++;
      this.bytes.received += length;
    });
  }

  #forward(
    header: UdpHeader,
    payload: Uint8Array<ArrayBuffer>,
  ): Promise<void> | undefined {
    const { host } = header;
    if (typeof host !== "string") return this.#send([host], header, payload);
    const route = this.#route(undefined, header);
    if (route === undefined) return this.#drop();
    if (route instanceof Promise) return this.#wait(route, header, payload);
    if (route !== "direct" && route.takesNames) {
      return this.#sendThrough(route, host, header, payload);
    }
    const found = this.#names.find(host);
    if (!(found instanceof Promise)) return this.#send(found, header, payload);
    void this.#later(
      found,
      payload,
      (waited) => this.#send(waited.known, header, waited.payload),
    );
    return undefined;
  }

  /** Tries again once a route through parents has opened or failed. */
  #wait(
    route: Promise<DatagramRoute>,
    header: UdpHeader,
    payload: Uint8Array<ArrayBuffer>,
  ): undefined {
    void this.#later(
      route,
      payload,
      (waited) =>
        waited.known === undefined
          ? this.#drop()
          : this.#forward(header, waited.payload),
    );
    return undefined;
  }

  /** The first datagram reveals the port if none was announced. */
  #isClient(from: Deno.NetAddr): boolean {
    if (from.hostname !== this.#clientHost) return false;
    if (this.#clientPort === 0) this.#clientPort = from.port;
    if (from.port !== this.#clientPort) return false;
    this.#client ??= from;
    return true;
  }

  async #later<T>(
    pending: Promise<T>,
    payload: Uint8Array<ArrayBuffer>,
    send: (waited: Waited<T>) => Promise<void> | undefined,
  ): Promise<void> {
    const waited = await this.#waiting.keep(pending, payload);
    if (waited === undefined) return this.#drop();
    const sending = send(waited);
    if (sending !== undefined) this.#work.add(sending);
  }

  #send(
    addresses: Addresses | undefined,
    header: UdpHeader,
    payload: Uint8Array<ArrayBuffer>,
  ): Promise<void> | undefined {
    // Judged for each datagram, because rules may depend on port and time.
    for (const address of addresses ?? []) {
      const route = this.#route(address, header);
      if (route === undefined) continue;
      if (route instanceof Promise) return this.#wait(route, header, payload);
      return route === "direct"
        ? this.#sendDirect(address, header, payload)
        : this.#sendThrough(route, address, header, payload);
    }
    return this.#drop();
  }

  #sendThrough(
    way: ParentWay,
    host: Host,
    header: UdpHeader,
    payload: Uint8Array,
  ): Promise<void> | undefined {
    if (!this.#admit(payload)) return this.#drop();
    this.told.add(header);
    const sending = way.send(host, header.port, payload);
    return this.#pass(sending, () => this.#countSent(payload));
  }

  #sendDirect(
    address: IpAddress,
    header: UdpHeader,
    payload: Uint8Array,
  ): Promise<void> | undefined {
    if (!this.#admit(payload)) return this.#drop();
    const target = this.#targets.open(unmapAddress(address), header.port);
    const sender = this.#outbound(target);
    if (sender === undefined) return this.#drop();
    this.told.add(header);
    const sending = sender.send(payload, target.addr);
    return this.#pass(sending, () => this.#countSent(payload));
  }

  #admit({ length }: Uint8Array): boolean {
    return !this.#closed && this.#paces?.up?.admitDatagram(length) !== false;
  }

  #countSent({ length }: Uint8Array): void {
    this.datagrams.sent++;
    this.bytes.sent += length;
  }

  /** The socket towards targets of one family, opened on first use. */
  #outbound({ isIpv6 }: UdpTarget): UdpSender | undefined {
    const { ipv4, ipv6 } = this.#outgoing;
    try {
      if (isIpv6) return this.#ipv6 ??= this.#open(ipv6, "::");
      return this.#ipv4 ??= this.#open(ipv4, "0.0.0.0");
    } catch {
      return undefined; // This machine lacks the family, or is out of descriptors.
    }
  }

  #open(from: IpAddress | undefined, any: string): UdpSender {
    const socket = openUdp(from === undefined ? any : formatIpAddress(from));
    this.#sockets.push(socket);
    const pump = pumpDatagrams(socket, this.#fromTarget, LONGEST_ENCODED);
    this.#work.add(pump);
    return new UdpSender(socket);
  }

  #fromTarget = (
    datagram: Uint8Array<ArrayBuffer>,
    from: Deno.NetAddr,
  ): Promise<void> | undefined => {
    const target = this.#targets.find(from.hostname, from.port);
    if (target === undefined) return this.#drop();
    const { header } = target;
    const { buffer, byteOffset, length } = datagram;
    const labelled = new Uint8Array(
      buffer,
      byteOffset - header.length,
      header.length + length,
    );
    labelled.set(header);
    return this.passBack(labelled, length);
  };

  /** An error concerns one datagram; UDP makes no promise about it. */
  async #pass(sending: Promise<void>, count: () => void): Promise<void> {
    try {
      await sending;
      count();
    } catch {
      this.#drop();
    }
  }

  #drop(): undefined {
    this.datagrams.dropped++;
  }
}
