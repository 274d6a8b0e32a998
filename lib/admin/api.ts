/**
 * What the admin listener says and takes, as types: the same for the program
 * that serves it and for the page that shows it.
 *
 * Nothing here is escaped: names, reasons and targets may hold whatever a
 * client has sent, and are to be shown as text.
 *
 * @module
 */

/** How far a connection is. */
export type TunnelState =
  | "handshake"
  | "connecting"
  | "open"
  | "half-closed"
  | "closing";

/** Every state, in the order in which a connection goes through them. */
export const TUNNEL_STATES = [
  "handshake",
  "connecting",
  "open",
  "half-closed",
  "closing",
] as const satisfies readonly TunnelState[];

/** What a listener is for. */
export type ListenerKind = "proxy" | "forward" | "echo" | "hub";

/** A connection that is open. */
export interface Tunnel {
  /** Number of it, never given twice while the program runs. */
  id: number;
  /** What its listener is for. */
  kind: ListenerKind;
  /** Where it came in, `HOST:PORT` or `unix:PATH`. */
  listener: string;
  /** Where it came from, `HOST:PORT`. */
  client: string;
  /** What is spoken; empty until that is known. */
  protocol: string;
  /** User name as sent, once known. */
  user?: string;
  /** What was asked for, once known. */
  target?: string;
  /** What was dialled, where that succeeded. */
  address?: string;
  /** Other proxies that it goes through, where it does. */
  via?: string;
  /** Which rule has decided, where one with a label did. */
  rule?: string;
  /** Name that the client's first bytes show, where names are checked. */
  name?: string;
  /** Why it would have been refused if that was not only reported. */
  wouldDeny?: string;
  /** How far it is. */
  state: TunnelState;
  /** When it was accepted, ISO 8601 in UTC. */
  startedAt: string;
  /** Milliseconds since then. */
  ageMs: number;
  /** Bytes given to the target. */
  sent: number;
  /** Bytes given to the client. */
  received: number;
}

/**
 * A connection that has ended, or one request of it where requests are told one
 * by one (HTTP); these have the id of their connection.
 */
export interface ClosedTunnel extends Tunnel {
  /** When it ended, ISO 8601 in UTC. */
  endedAt: string;
  /** How it ended. */
  result: "ok" | "cut" | "refused" | "failed" | "dropped";
  /** Why, in a few words. */
  reason: string;
  /** Whose end came first, where one of them did. */
  endedFirst?: "client" | "target";
}

/**
 * A connection that is open, with how fast it is: since somebody last asked, if
 * that was 1 to 60 seconds ago, and over its whole life if not.
 */
export interface ListedTunnel extends Tunnel {
  /** Bytes a second given to the target. */
  sentRate: number;
  /** Bytes a second given to the client. */
  receivedRate: number;
}

/** `GET /api/tunnels` */
export interface TunnelsAnswer {
  /** Those that are open, the oldest first; 20,000 at most. */
  tunnels: ListedTunnel[];
  /** How many are open. */
  total: number;
  /** Workers that did not answer in time: theirs are missing in `tunnels`. */
  silentWorkers: number;
}

/** `GET /api/closed` */
export interface ClosedAnswer {
  /** The last 500, the oldest first. */
  closed: ClosedTunnel[];
}

/** A drain that has begun. */
export interface Drain {
  /**
   * When the rest is cut, ISO 8601 in UTC; `null` where there is no limit.
   */
  until: string | null;
  /** Connections that are still open. */
  open: number;
}

/** A listener of the server. */
export interface ListenerStatus {
  /** `HOST:PORT` or `unix:PATH`. */
  name: string;
  /** What it is for. */
  kind: ListenerKind;
  /** Whether others than this machine can reach it. */
  isPublic: boolean;
  /** Connections that are open. */
  open: number;
}

/** A thread of the program that takes connections. */
export interface WorkerStatus {
  /** Number of it. */
  worker: number;
  /** Whether it does not answer; the rest is then what it told last. */
  isSilent: boolean;
  /** Connections that are open in it. */
  open: number;
  /** Bytes of its heap in use. */
  heap: number;
  /** How late its event loop was lately, in milliseconds, at its latest. */
  eventLoopDelayMs: number;
}

/** `GET /api/status` */
export interface Status {
  /** Of Sluice. */
  version: string;
  /** When the program was started, ISO 8601 in UTC. */
  startedAt: string;
  /** Milliseconds since then. */
  uptimeMs: number;
  /** The drain that is under way, or `false`. */
  draining: false | Drain;
  /** In the order in which they were named. */
  listeners: ListenerStatus[];
  /** Connections that are open. */
  open: number;
  /** Connections since the start. */
  total: number;
  /** Bytes given to targets since the start. */
  sent: number;
  /** Bytes given to clients since the start. */
  received: number;
  /** Bytes of memory: of the process, and of the heaps in use. */
  memory: { rss: number; heap: number };
  /** File descriptors; `null` where the system does not tell. */
  descriptors: { open: number | null; limit: number | null };
  /**
   * How late the event loop was lately, in milliseconds, at its latest; with
   * workers, of the thread where it was latest.
   */
  eventLoopDelayMs: number;
  /** The threads that take connections, where there are several. */
  workers?: WorkerStatus[];
}

/** A reason of refusals, and how often it was given. */
export interface RefusalCount {
  /** One of a bounded set, such as `rule`, `guard`, `quota`, `timeout`. */
  reason: string;
  /** How often since the start. */
  count: number;
}

/** `GET /api/refusals` */
export interface RefusalsAnswer {
  /** Those that have happened, the most frequent first. */
  refusals: RefusalCount[];
}

/** The pool of one upstream of a relay. */
export interface PoolStatus {
  /** Name of the upstream. */
  upstream: string;
  /** Listener of the relay. */
  listener: string;
  /** Whether connections go there. */
  isUp: boolean;
  /** Connections that are ready. */
  idle: number;
  /** Clients that wait for a connection. */
  waiting: number;
  /** Taken from those that were ready. */
  hits: number;
  /** Taken by connecting. */
  misses: number;
  /** Opened, for whatever reason. */
  opened: number;
  /** Given up while ready, by reason. */
  evicted: Record<
    "ended" | "spoke" | "idle" | "aged" | "full" | "restart" | "closed",
    number
  >;
  /** Connections that clients have to it. */
  connections: number;
}

/** `GET /api/pools` */
export interface PoolsAnswer {
  /** One for each upstream. */
  pools: PoolStatus[];
}

/** A ban that is in force. */
export interface BanStatus {
  /** Who: an address, a /64 of IPv6, or a user name. */
  key: string;
  /**
   * `client` is refused; of a `user` one failure is enough to ban the client.
   */
  kind: "client" | "user";
  /** When it ends, ISO 8601 in UTC. */
  until: string;
  /** Failures that led to it. */
  failures: number;
}

/** `GET /api/bans` */
export interface BansAnswer {
  /** The one with the longest to go first. */
  bans: BanStatus[];
}

/** Five seconds of the last hour. */
export interface HistoryPoint {
  /** Their end, in milliseconds since 1970. */
  at: number;
  /** Bytes a second to targets. */
  up: number;
  /** Bytes a second to clients. */
  down: number;
  /** Connections a second that came. */
  opened: number;
  /** Connections that were open at the end. */
  open: number;
}

/** `GET /api/history` */
export interface HistoryAnswer {
  /** Milliseconds between two points. */
  stepMs: number;
  /** The oldest first; 720 at most. */
  points: HistoryPoint[];
}

/** `POST /api/reload` */
export interface ReloadAnswer {
  /** What was read again, a file each. */
  reloaded: string[];
}

/** Every failure, with the HTTP status that fits. */
export interface AdminErrorAnswer {
  /** What went wrong. */
  error: {
    /** One of a bounded set. */
    code: AdminErrorCode;
    /** The same for people. */
    message: string;
  };
}

/** Codes of errors. */
export type AdminErrorCode =
  | "bad_request"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "method_not_allowed"
  | "too_large"
  | "reload_failed"
  | "busy"
  | "internal";

/** `event: snapshot` of `GET /api/events`, the first. */
export interface SnapshotEvent {
  /** As `GET /api/status`. */
  status: Status;
  /** As `GET /api/tunnels`. */
  tunnels: Tunnel[];
}

/** What changes of a tunnel: its id, bytes sent and received, its state. */
export type TunnelChange = [
  id: number,
  sent: number,
  received: number,
  state: TunnelState,
];

/**
 * `event: tick` of `GET /api/events`, each second. A tunnel whose target, user,
 * address, protocol or rule has become known since the last event is in
 * `opened` again: whoever keeps them by id replaces it.
 */
export interface TickEvent {
  /** When, in milliseconds since 1970. */
  at: number;
  /** What changes of the status. */
  status: Pick<
    Status,
    "open" | "total" | "sent" | "received" | "draining" | "eventLoopDelayMs"
  >;
  /** New ones, and those of which more is known. */
  opened: Tunnel[];
  /** Ended since the last event; 500 at most. */
  closed: ClosedTunnel[];
  /** Those that have carried bytes or are in another state. */
  changed: TunnelChange[];
  /** Tunnels that are not open any more, whether or not in `closed`. */
  gone: number[];
}

/** `event: history` of `GET /api/events`, whenever there is a new point. */
export type HistoryEvent = HistoryPoint;

/** Header that requests which change something must have, with the value 1. */
export const REQUEST_HEADER = "x-sluice-request";
