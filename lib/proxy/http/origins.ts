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
import { decide, type Decision } from "../../serve/target/decide.ts";
import { askAuthorize } from "../../serve/target/ask_hooks.ts";
import {
  type OpenedTarget,
  openTarget,
} from "../../serve/target/open_target.ts";
import type { ParentChain, ParentTries } from "../../serve/target/parents.ts";
import type { ProxySession } from "../../serve/services.ts";

/** Idle connections for each client. */
const MOST_IDLE = 8;

/** What a connection is found by: `HOST:PORT`, or the parents it ends at. */
export type OriginKey = string | ParentChain;

/** How a connection is opened. */
export interface OriginOptions {
  /** Whether an idle one will not do. */
  isFresh: boolean;
  /** What was tried, if a parent may get the request whole. */
  tries: ParentTries | undefined;
}

/** A connection to an origin server, or to a parent that gets whole requests. */
export class Origin {
  /** What it is found by. */
  readonly key: OriginKey;
  /** What was opened. */
  readonly target: OpenedTarget;
  /** What was dialled, as the record has it. */
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
   * @param key What it is found by.
   * @param record What was noted of it.
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

  /** Closes it now; nobody may use what was read of it. Can be repeated. */
  close(): void {
    this.duplex.releaseBuffer();
    this.duplex.close();
  }
}

/**
 * The idle connections of one client. Never shared with another: what one has
 * left in a connection, be it an answer or an authentication, is not for others.
 */
export class Origins implements Disposable {
  readonly #idle = new Map<OriginKey, Origin>();

  /** How many are idle. */
  get size(): number {
    return this.#idle.size;
  }

  /**
   * Opens a connection, or takes an idle one.
   *
   * @param session The client; its record is told the target.
   * @param authority Where to.
   * @param options How.
   * @returns The connection; to be closed or put back.
   * @throws What `openTarget` throws: a limit holds for an idle one as well.
   */
  async open(
    session: ProxySession,
    authority: Authority,
    { isFresh, tries }: OriginOptions,
  ): Promise<Origin> {
    const { record } = session;
    const { host, port } = authority;
    const wish = { command: "http", host, port } as const;
    const decision = decide(session, wish);
    const asking = askAuthorize(session, wish);
    if (asking !== undefined) await asking;
    session.admit();
    const key = formatHostPort(host, port).toLowerCase();
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
   * Keeps a connection for the next request, as long as it stays silent: one
   * that ends or speaks without having been asked is closed.
   *
   * @param origin The connection, nothing left to read in it.
   */
  put(origin: Origin): void {
    origin.isUsed = true;
    origin.duplex.pace = undefined; // Its end is to be noticed at once.
    this.#idle.get(origin.key)?.close();
    this.#idle.delete(origin.key);
    this.#idle.set(origin.key, origin);
    const [oldest] = this.#idle.values();
    if (this.#idle.size > MOST_IDLE) this.#evict(oldest!);
    const evict = () => this.#evict(origin);
    origin.reader.fill().then(evict, evict);
  }

  /** Closes what is idle. */
  [Symbol.dispose](): void {
    for (const origin of this.#idle.values()) origin.close();
    this.#idle.clear();
  }

  /** Takes the idle connection, unless it will not do: then it is closed. */
  #take(key: OriginKey, isFresh: boolean): Origin | undefined {
    const idle = this.#idle.get(key);
    this.#idle.delete(key);
    // Bytes that were not asked for would be taken for the next answer.
    if (!isFresh && idle?.reader.bytes.length === 0) return idle;
    idle?.close();
    return undefined;
  }

  /** Does nothing where it has been taken for a request meanwhile. */
  #evict(origin: Origin): void {
    if (this.#idle.get(origin.key) !== origin) return;
    this.#idle.delete(origin.key);
    origin.close();
  }
}

/**
 * Every request is put to the rules: its user, the hour and the rules may not be
 * those of the last one. What they deny is refused where a new one is opened.
 */
function isStillAllowed(decision: Decision, { target }: Origin): boolean {
  const verdict = decision.of(target.address);
  if (!verdict?.isAllowed || verdict.via !== target.via) return false;
  decision.note(verdict);
  return true;
}
