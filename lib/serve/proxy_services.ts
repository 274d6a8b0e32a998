/**
 * Services of the proxy's handlers, created once at the start.
 *
 * @module
 */

import type { OutgoingAddresses } from "../net/outgoing.ts";
import type { Resolver } from "../net/names/resolver.ts";
import type { Bans } from "../policy/users/bans.ts";
import type { ConnectionLimits } from "../policy/limits/connection_limits.ts";
import type { Users } from "../policy/users/users.ts";
import type { RuleBook, Verdict } from "../policy/rules/rules.ts";
import type { Destination } from "../wire/host_name.ts";
import type { IpAddress } from "../wire/ip_address.ts";
import type { ConnectionServices } from "./connection_services.ts";
import type { Hooks } from "./hooks.ts";
import type { TunnelResult } from "../net/tunnel.ts";
import type { OpenedTarget } from "./target/opened_target.ts";
import type { Parents } from "./target/parents.ts";
import type { ProxyVersion } from "./proxy_header.ts";
import type { LastPart } from "./run_tunnel.ts";
import type { Session } from "./session.ts";

/** Protocols that clients may speak. */
export const PROTOCOLS = ["socks5", "socks4", "http"] as const;

/** A protocol that clients may speak. */
export type ProtocolName = typeof PROTOCOLS[number];

/** Settings of UDP associations. */
export interface UdpSettings {
  /**
   * Address that clients send datagrams to, if it differs from the one they
   * connected to.
   */
  advertise: IpAddress | undefined;
  /** First and last port of relay sockets; `undefined` means any. */
  ports: readonly [first: number, last: number] | undefined;
  /**
   * Milliseconds without a datagram that end an association; 0 disables the
   * limit.
   */
  idleTimeout: number;
  /** Counts associations, in total and per client. */
  limits: ConnectionLimits;
  /**
   * Most simultaneous associations of one client; 0 leaves only the total
   * limit.
   */
  perClient: number;
}

/** A tunnel before its first byte, and its request. */
export interface AskedTunnel extends Destination {
  /**
   * Whether the operator chose the target, so that the client only chose a port
   * of Sluice.
   */
  readonly isFixed: boolean;
  /** The target. The client already has the success reply. */
  readonly opened: OpenedTarget;
  /**
   * Asks the rules as if the client had requested a name.
   *
   * @param ip Its address; `undefined` asks about the name alone.
   * @returns The verdict; `undefined` only if it depends on the address.
   */
  decideAs(name: string, ip: IpAddress | undefined): Verdict | undefined;
  /** Notes that the client shows no name and a rule allows that. */
  noteHidden(): void;
}

/** Checks the names that clients show in their tunnels. */
export interface NameCheck {
  /** Whether a mismatch is only reported or also refused. */
  readonly mode: "report" | "require";
  /**
   * Waits until the client has shown a matching name.
   *
   * @param session The client.
   * @param tunnel Its target and request.
   * @returns Runs the tunnel; or the result, if the client sent nothing.
   * @throws {Refusal} `name mismatch`, before the target gets a byte.
   */
  check(
    session: ProxySession,
    tunnel: AskedTunnel,
  ): Promise<TunnelResult | LastPart>;
}

/** Services of the handlers of a proxy. */
export interface ProxyServices extends ConnectionServices {
  /** The protocols that clients may speak. */
  protocols: ReadonlySet<ProtocolName>;
  /** Settings of UDP associations. */
  udp: UdpSettings;
  /** Resolves names. */
  resolver: Resolver;
  /** Chains of other proxies; `undefined` for none. */
  parents: Parents | undefined;
  /** Version of the PROXY header for targets; `undefined` sends none. */
  sendProxy: ProxyVersion | undefined;
  /** Source addresses of connections and datagrams. */
  outgoing: OutgoingAddresses;
  /** Milliseconds that BIND waits for its peer; 0 disables the limit. */
  bindTimeout: number;
  /** Whether HTTP requests carry the client's address to the target. */
  forwardedFor: boolean;
  /** The users; `undefined` lets everyone in. */
  users: Users | undefined;
  /** Addresses banned after wrong passwords. */
  bans: Bans;
  /**
   * The rules in force. Read at each decision, because a reload replaces them.
   */
  rules: RuleBook;
  /** Decisions of the embedding program; `undefined` for none. */
  hooks?: Hooks | undefined;
  /** Checks the names in tunnels; `undefined` for no check. */
  names?: NameCheck | undefined;
  /** Whether special addresses are refused unless a rule names them. */
  isGuarded: boolean;
}

/** A client of a proxy. */
export type ProxySession = Session<ProxyServices>;
