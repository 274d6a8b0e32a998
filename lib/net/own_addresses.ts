/**
 * The current addresses of this machine's interfaces.
 *
 * @module
 */

import { type IpAddress, parseIpAddress } from "../wire/ip_address.ts";
import { unmapAddress } from "../wire/ip_mapped.ts";
import { isGranted } from "./system/is_granted.ts";

/**
 * Milliseconds that a list of interfaces is used: a new one takes 52 µs, too
 * much for every connection.
 */
const LIFE = 1_000;

/** Options for {@linkcode OwnAddresses}. */
export interface OwnAddressesOptions {
  /** Lists the interfaces (default `Deno.networkInterfaces`). */
  list?: () => readonly Pick<Deno.NetworkInterfaceInfo, "address">[];
  /** Clock in milliseconds (default `performance.now`). */
  now?: () => number;
}

/** Addresses of this machine. */
export class OwnAddresses {
  readonly #list: NonNullable<OwnAddressesOptions["list"]>;
  readonly #now: () => number;
  #keys = new Set<string | number>();
  #until = -Infinity;

  /**
   * Creates a list that is read at the first question.
   *
   * @param options How to read the interfaces.
   */
  constructor(options: OwnAddressesOptions = {}) {
    this.#list = options.list ?? listInterfaces;
    this.#now = options.now ?? (() => performance.now());
  }

  /**
   * Tells whether an interface of this machine has an address. The list is at
   * most a second old.
   *
   * @param ip The address; what is embedded in it does not count.
   * @returns Whether one has it.
   */
  has(ip: IpAddress): boolean {
    const now = this.#now();
    if (now >= this.#until) {
      this.#keys = new Set(this.#list().flatMap(keysOf));
      this.#until = now + LIFE;
    }
    return this.#keys.has(keyOf(ip));
  }
}

const own = new OwnAddresses();

/**
 * Tells whether an interface of this machine has an address now.
 *
 * @returns Whether one has it; never where Deno was not given the permission.
 */
export function isOwnAddress(ip: IpAddress): boolean {
  return own.has(ip);
}

/**
 * Tells whether a connection to an address reaches this machine.
 *
 * @returns `true` for loopback, unspecified (which Linux treats as loopback)
 *   and interface addresses.
 */
export function isThisMachine(ip: IpAddress): boolean {
  const plain = unmapAddress(ip);
  if (plain.length === 4 && plain[0] === 127) return true;
  const isLow = plain.subarray(0, -1).every((byte) => byte === 0);
  const last = plain.at(-1)!;
  if (isLow && (last === 0 || last === 1 && plain.length === 16)) return true;
  return own.has(plain);
}

/**
 * Tells whether Deno permits listing the interfaces.
 *
 * @returns Whether it does.
 */
export function mayListInterfaces(): boolean {
  return isGranted({ name: "sys", kind: "networkInterfaces" });
}

function listInterfaces(): Deno.NetworkInterfaceInfo[] {
  return mayListInterfaces() ? Deno.networkInterfaces() : [];
}

function keysOf(
  { address }: Pick<Deno.NetworkInterfaceInfo, "address">,
): (string | number)[] {
  const ip = parseIpAddress(address.replace(/%.*$/, "")); // Without its zone.
  return ip === undefined ? [] : [keyOf(ip)];
}

/** An IPv4 address as a number, which costs nothing to make. */
function keyOf(ip: IpAddress): string | number {
  if (ip.length !== 4) return ip.join();
  return (ip[0]! << 24 | ip[1]! << 16 | ip[2]! << 8 | ip[3]!) >>> 0;
}
