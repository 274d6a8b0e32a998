/**
 * Connections to origin servers, kept for one client's next request.
 *
 * @module
 */

import type { Chained } from "../../net/chain.ts";
import type { Duplex } from "../../net/duplex.ts";
import { HttpReader } from "../../net/http_reader.ts";
import type { ConnectionEvent } from "../../observe/log_event.ts";
import { formatHostPort } from "../../wire/host_port.ts";
import type { Authority } from "../../wire/http1/target.ts";
import { askAuthorize } from "../../serve/target/ask_hooks.ts";
import { decide, type Decision, type Wish } from "../../serve/target/decide.ts";
import { openTarget } from "../../serve/target/open_target.ts";
import type { OpenedTarget } from "../../serve/target/opened_target.ts";
import type { ParentChain, ParentTries } from "../../serve/target/parents.ts";
import type { AskedTunnel, ProxySession } from "../../serve/proxy_services.ts";

/** Idle connections for each client. */
const MOST_IDLE = 8;

/** Key of a connection: `HOST:PORT`, or the parents it ends at. */
export type OriginKey = string | ParentChain;

/** How to open a connection. */
export interface OriginOptions {
  /** Whether to open a new one. */
  isFresh: boolean;
  /** Chains already tried, if a parent may get the whole request. */
  tries: ParentTries | undefined;
}

/** A connection to an origin server, or to a parent for whole requests. */
export class Origin {
  /** Its key. */
  readonly key: OriginKey;
  /** The opened target. */
  readonly target: OpenedTarget;
  /** The dialled address, for the record. */
  readonly dialled: Pick<ConnectionEvent, "address" | "via">;
  /** The connection. */
  readonly duplex: Duplex;
  /** Reads from it. */
  readonly reader: HttpReader;
  /** Whether it has answered a request before. */
  isUsed = false;

  /**
   * Takes a connection over.
   *
   * @param target The connection; closed by {@linkcode Origin.close}.
   * @param record The client's record.
   */
  constructor(target: OpenedTarget, key: OriginKey, record: ConnectionEvent) {
    this.key = key;
    this.target = target;
    const { address, via } = record;
    this.dialled = {
      ...(address === undefined ? {} : { address }),
      ...(via === undefined ? {} : { via }),
    };
    this.duplex = target.duplex;
    this.reader = new HttpReader(this.duplex);
  }

  /** Closes it now; bytes read from it become invalid. Can be repeated. */
  close(): void {
    this.duplex.releaseBuffer();
    this.duplex.close();
  }
}

/**
 * The idle connections of one client. They are never shared: an answer or
 * authentication left in a connection must not reach another client.
 */
export class Origins implements Disposable {
  readonly #idle = new Map<OriginKey, Origin>();

  /** Number of idle connections. */
  get size(): number {
    return this.#idle.size;
  }

  /**
   * Opens a connection, or takes an idle one.
   *
   * @param session The client; its record gets the target.
   * @param authority Where to.
   * @param options How.
   * @returns The connection; to be closed or put back.
   * @throws What `openTarget` throws: limits apply to an idle connection too.
   */
  async open(
    session: ProxySession,
    authority: Authority,
    { isFresh, tries }: OriginOptions,
  ): Promise<Origin> {
    const { record } = session;
    const wish = this.wishFor(authority);
    const decision = decide(session, wish);
    const asking = askAuthorize(session, wish);
    if (asking !== undefined) await asking;
    const admission = session.admit();
    if (admission !== undefined) await admission;
    const key = keyOf(wish);
    const idle = this.#take(key, isFresh);
    if (idle !== undefined && isStillAllowed(decision, idle)) {
      Object.assign(record, idle.dialled);
      return idle;
    }
    idle?.close();
    let taken: Origin | undefined;
    const takeIdle = (chain: ParentChain): Chained | undefined => {
      taken = this.#take(chain, isFresh);
      return taken?.target;
    };
    const target = await openTarget(session, wish, {
      decision,
      request: tries && { tries, takeIdle },
    });
    return target.duplex === taken?.duplex
      ? taken
      : new Origin(target, target.relay?.chain ?? key, record);
  }

  /**
   * Keeps a connection for the next request. It is closed if it ends or sends
   * data while idle.
   *
   * @param origin The connection, without unread bytes.
   */
  put(origin: Origin): void {
    origin.isUsed = true;
    origin.duplex.pace = undefined; // Its end must be noticed immediately.
    this.#idle.get(origin.key)?.close();
    this.#idle.delete(origin.key);
    this.#idle.set(origin.key, origin);
    const [oldest] = this.#idle.values();
    if (this.#idle.size > MOST_IDLE) this.#evict(oldest!);
    const evict = () => this.#evict(origin);
    origin.reader.fill().then(evict, evict);
  }

  /**
   * Tells what is asked for by a request.
   *
   * @param authority Where the request goes.
   * @returns What the rules are asked about, and what is dialled.
   */
  wishFor({ host, port }: Authority): Wish {
    return { command: "http", host, port };
  }

  /** Closes all idle connections. */
  [Symbol.dispose](): void {
    for (const origin of this.#idle.values()) origin.close();
    this.#idle.clear();
  }

  /** Takes the idle connection, or closes it if it is unsuitable. */
  #take(key: OriginKey, isFresh: boolean): Origin | undefined {
    const idle = this.#idle.get(key);
    this.#idle.delete(key);
    // Unsolicited bytes would be taken for the next answer.
    if (!isFresh && idle?.reader.bytes.length === 0) return idle;
    idle?.close();
    return undefined;
  }

  /** Does nothing if a request has taken it meanwhile. */
  #evict(origin: Origin): void {
    if (this.#idle.get(origin.key) !== origin) return;
    this.#idle.delete(origin.key);
    origin.close();
  }
}

/**
 * The one target of a tunnel, whatever its requests name: that was judged
 * before. It is connected to again where its connection has ended.
 */
export class TunnelOrigins extends Origins {
  readonly #wish: Wish;

  /**
   * Begins with the tunnel's connection.
   *
   * @param record What was noted of it.
   */
  constructor(
    { host, isFixed, opened, port }: AskedTunnel,
    record: ConnectionEvent,
  ) {
    super();
    this.#wish = { command: "connect", host, port, isFixed };
    this.put(new Origin(opened, keyOf(this.#wish), record));
  }

  /** The tunnel's target, always. */
  override wishFor(): Wish {
    return this.#wish;
  }
}

function keyOf({ host, port }: Wish): string {
  return formatHostPort(host, port).toLowerCase();
}

/**
 * The rules judge every request: user, time and rules may differ from the last
 * one. A denied request is refused when a new connection is opened.
 */
function isStillAllowed(decision: Decision, { target }: Origin): boolean {
  const verdict = decision.of(target.address);
  if (!verdict?.isAllowed || verdict.via !== target.verdict.via) return false;
  decision.note(verdict);
  decision.settle(target.address);
  return true;
}
