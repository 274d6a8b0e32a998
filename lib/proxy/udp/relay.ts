/**
 * Datagrams between one client and whomever it writes to (RFC 1928 §7).
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
import { formatIpAddress, type IpAddress } from "../../wire/ip_address.ts";
import { unmapAddress } from "../../wire/ip_mapped.ts";
import {
  LONGEST_ENCODED,
  parseUdpHeader,
  type UdpHeader,
} from "../../wire/socks/v5_udp.ts";
import { type Addresses, type Lookup, UdpNames } from "./names.ts";
import { type UdpTarget, UdpTargets } from "./targets.ts";

/** Copies of datagrams that wait for the address of a name, at most. */
const MOST_WAITING = { count: 256, bytes: 512 * 1024 } as const;

/** What a relay needs to know. */
export interface UdpRelayOptions {
  /** Address of the client; what others send is dropped. */
  client: IpAddress;
  /** Port it has announced; 0 is that of its first datagram. */
  clientPort: number;
  /** Finds the addresses of a name. */
  lookup: Lookup;
  /** Whether an address may be written to. */
  mayReach: MayReach;
  /** Addresses to leave from. */
  outgoing: OutgoingAddresses;
  /** What the two directions keep to; what goes beyond is dropped. */
  paces?: Paces | undefined;
}

/**
 * Tells whether an address may be written to, for what a datagram says; where
 * the address is not known yet, whether any could be.
 */
export type MayReach = (
  ip: IpAddress | undefined,
  asked: Pick<UdpHeader, "host" | "port">,
) => boolean;

/** The datagrams of one association. */
export class UdpRelay {
  /** Datagrams each way, and those that did not get through. */
  readonly datagrams = { sent: 0, received: 0, dropped: 0 };
  /** Bytes of payload each way. */
  readonly bytes = { sent: 0, received: 0 };

  readonly #sockets: Deno.DatagramConn[] = [];
  readonly #toClient: UdpSender;
  readonly #clientHost: string;
  readonly #mayReach: MayReach;
  readonly #paces: Paces | undefined;
  readonly #names: UdpNames;
  readonly #outgoing: OutgoingAddresses;
  readonly #targets = new UdpTargets();
  readonly #work = new WaitGroup();
  readonly #waiting = { count: 0, bytes: 0 };
  #clientPort: number;
  /** Where the client is, once it has sent something. */
  #client: Deno.NetAddr | undefined;
  #ipv4: UdpSender | undefined;
  #ipv6: UdpSender | undefined;
  #closed = false;

  /**
   * Starts to relay.
   *
   * @param socket Where the client sends to; closed by the relay.
   * @param options What a relay needs to know.
   */
  constructor(socket: Deno.DatagramConn, options: UdpRelayOptions) {
    this.#sockets.push(socket);
    this.#toClient = new UdpSender(socket);
    this.#clientHost = formatIpAddress(options.client);
    this.#clientPort = options.clientPort;
    this.#mayReach = options.mayReach;
    this.#paces = options.paces;
    this.#names = new UdpNames(options.lookup);
    this.#outgoing = options.outgoing;
    this.#work.add(pumpDatagrams(socket, this.#fromClient, 0));
  }

  /**
   * Closes all sockets. Can be repeated.
   *
   * @returns When nothing is under way any more but lookups.
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
    const { host } = header;
    if (typeof host !== "string") return this.#send([host], header, payload);
    if (!this.#mayReach(undefined, header)) return this.#drop();
    const found = this.#names.find(host);
    if (!(found instanceof Promise)) return this.#send(found, header, payload);
    void this.#sendLater(found, header, payload);
    return undefined;
  };

  /** Its first datagram tells its port, where none was announced. */
  #isClient(from: Deno.NetAddr): boolean {
    if (from.hostname !== this.#clientHost) return false;
    if (this.#clientPort === 0) this.#clientPort = from.port;
    if (from.port !== this.#clientPort) return false;
    this.#client ??= from;
    return true;
  }

  async #sendLater(
    found: Promise<Addresses | undefined>,
    header: UdpHeader,
    payload: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    const waiting = this.#waiting;
    const { length } = payload;
    if (
      waiting.count === MOST_WAITING.count ||
      waiting.bytes + length > MOST_WAITING.bytes
    ) {
      this.#drop();
      return;
    }
    waiting.count++;
    waiting.bytes += length;
    const copy = payload.slice();
    const addresses = await found;
    waiting.count--;
    waiting.bytes -= length;
    const sending = this.#send(addresses, header, copy);
    if (sending !== undefined) this.#work.add(sending);
  }

  #send(
    addresses: Addresses | undefined,
    header: UdpHeader,
    payload: Uint8Array,
  ): Promise<void> | undefined {
    // Judged each time: which one is allowed depends on the port and the hour.
    const address = addresses?.find((ip) => this.#mayReach(ip, header));
    if (address === undefined || this.#closed) return this.#drop();
    const up = this.#paces?.up;
    if (up?.admitDatagram(payload.length) === false) return this.#drop();
    const target = this.#targets.open(unmapAddress(address), header.port);
    const sender = this.#outbound(target);
    if (sender === undefined) return this.#drop();
    return this.#pass(sender.send(payload, target.addr), () => {
      this.datagrams.sent++;
      this.bytes.sent += payload.length;
    });
  }

  /** The socket towards a target, opened when it is needed first. */
  #outbound({ isIpv6 }: UdpTarget): UdpSender | undefined {
    const { ipv4, ipv6 } = this.#outgoing;
    try {
      if (isIpv6) return this.#ipv6 ??= this.#open(ipv6, "::");
      return this.#ipv4 ??= this.#open(ipv4, "0.0.0.0");
    } catch {
      return undefined; // No such family here, or out of descriptors.
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
    if (target === undefined || this.#client === undefined) return this.#drop();
    const down = this.#paces?.down;
    if (down?.admitDatagram(datagram.length) === false) return this.#drop();
    const { header } = target;
    const { buffer, byteOffset, length } = datagram;
    const labelled = new Uint8Array(
      buffer,
      byteOffset - header.length,
      header.length + length,
    );
    labelled.set(header);
    return this.#pass(this.#toClient.send(labelled, this.#client), () => {
      this.datagrams.received++;
      this.bytes.received += length;
    });
  };

  /** Errors are those of one datagram, of which UDP promises nothing. */
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
