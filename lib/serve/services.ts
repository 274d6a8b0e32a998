/**
 * What the proxy's handlers work with, made once when the program starts.
 *
 * @module
 */

import type { OutgoingAddresses } from "../net/outgoing.ts";
import type { Resolver } from "../net/names/resolver.ts";
import type { Bans } from "../policy/users/bans.ts";
import type { ConnectionLimits } from "../policy/limits/connection_limits.ts";
import type { Users } from "../policy/users/users.ts";
import type { RuleBook, Verdict } from "../policy/rules/rules.ts";
import type { Host } from "../wire/host_name.ts";
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
  /** Address told to clients, where it is not the one they reached us at. */
  advertise: IpAddress | undefined;
  /** First and last port of relay sockets; `undefined` is any. */
  ports: readonly [first: number, last: number] | undefined;
  /** Milliseconds without a datagram until an association ends; 0 is never. */
  idleTimeout: number;
  /** Counts associations: in all, and for each client. */
  limits: ConnectionLimits;
  /** Associations at once of one client; 0 is no limit but that in all. */
  perClient: number;
}

/** A tunnel that is about to begin, and what was asked for. */
export interface AskedTunnel {
  /** Name or address that was asked for. */
  readonly host: Host;
  /** Port that was asked for. */
  readonly port: number;
  /** Whether the operator chose the target, and the client only a port. */
  readonly isFixed: boolean;
  /** The target; the client knows that it is open. */
  readonly opened: OpenedTarget;
  /**
   * Asks the rules as if a name had been asked for.
   *
   * @param name The name.
   * @param ip Its address; `undefined` asks about the name alone.
   * @returns The verdict; `undefined` only if the name alone does not decide.
   */
  decideAs(name: string, ip: IpAddress | undefined): Verdict | undefined;
  /** Notes that the client shows no name, and that a rule allows that. */
  noteHidden(): void;
}

/** Looks at tunnels for the names that they show. */
export interface NameCheck {
  /** Whether a mismatch is only reported, or refused. */
  readonly mode: "report" | "require";
  /**
   * Waits until the client has shown a name that fits.
   *
   * @param session The client.
   * @param tunnel Its target, and what it has asked for.
   * @returns Joins the two; or how it ended, if the client has shown nothing.
   * @throws {Refusal} `name mismatch`, before the target has got a byte.
   */
  check(
    session: ProxySession,
    tunnel: AskedTunnel,
  ): Promise<TunnelResult | LastPart>;
}

/** What the handlers of a proxy work with. */
export interface ProxyServices extends ConnectionServices {
  /** What clients may speak. */
  protocols: ReadonlySet<ProtocolName>;
  /** How UDP is relayed. */
  udp: UdpSettings;
  /** Finds the addresses of names. */
  resolver: Resolver;
  /** Other proxies to go through; `undefined` is none. */
  parents: Parents | undefined;
  /** Version of the PROXY header that targets get; `undefined` sends none. */
  sendProxy: ProxyVersion | undefined;
  /** Addresses that connections and datagrams leave from. */
  outgoing: OutgoingAddresses;
  /** Milliseconds that BIND waits for its peer; 0 is for ever. */
  bindTimeout: number;
  /** Whether HTTP requests tell the target the client's address. */
  forwardedFor: boolean;
  /** Who may use the proxy; `undefined` is everyone. */
  users: Users | undefined;
  /** Who is told nothing for a while because of wrong passwords. */
  bans: Bans;
  /** Who may go where; asked at each decision, so that it can be replaced. */
  rules: RuleBook;
  /** What the program decides itself; `undefined` is nothing. */
  hooks?: Hooks | undefined;
  /** Looks at tunnels for the names that they show; `undefined` never does. */
  names?: NameCheck | undefined;
  /** Whether special addresses are refused unless a rule names them. */
  isGuarded: boolean;
}

/** A client of a proxy. */
export type ProxySession = Session<ProxyServices>;
