/**
 * Descriptions of connections for the admin API.
 *
 * @module
 */

import type { LiveConnection } from "../../serve/live_connection.ts";
import type { ListenerWatch } from "../../serve/listener_watch.ts";
import type { EndedConnection } from "../../serve/registry.ts";
import type { ClosedTunnel, Tunnel } from "../api.ts";

/** Most different texts to share. */
const MOST_TEXTS = 20_000;

/** Gives equal texts the same memory. */
export class SharedTexts {
  readonly #texts = new Map<string, string>();

  /** Returns the shared copy of an equal text. */
  share<T extends string | undefined>(text: T): T {
    if (text === undefined) return text;
    const known = this.#texts.get(text);
    if (known !== undefined) return known as T;
    if (this.#texts.size === MOST_TEXTS) this.#texts.clear();
    this.#texts.set(text, text);
    return text;
  }
}

/** Fields that are left out until they are known. */
export type KnownName = keyof Knowing | "wouldDeny" | "endedFirst";

/** Fields of a connection that become known one after the other. */
export interface Knowing {
  /** The user name as sent. */
  readonly user: string | undefined;
  /** The requested target. */
  readonly target: string | undefined;
  /** The address that Sluice connected to. */
  readonly address: string | undefined;
  /** The parent proxies on its way. */
  readonly via: string | undefined;
  /** The label of the rule that decided. */
  readonly rule: string | undefined;
  /** The name in the client's first bytes. */
  readonly name: string | undefined;
}

/**
 * An ended connection in memory: all fields have the names of the API, so that
 * filters apply to it.
 */
export interface EndedRow
  extends Omit<ClosedTunnel, KnownName | "startedAt" | "endedAt">, Knowing {
  /** Why rules in report mode would have refused it. */
  readonly wouldDeny: string | undefined;
  /** Which side ended first. */
  readonly endedFirst: ClosedTunnel["endedFirst"] | undefined;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Milliseconds since 1970. */
  readonly endedAt: number;
}

/**
 * Describes an open connection.
 *
 * @param now Milliseconds since 1970.
 */
export function tunnelOf(
  listener: ListenerWatch,
  live: LiveConnection,
  now: number,
): Tunnel {
  const { record } = live.session;
  const { sent, received } = live.carried;
  return {
    id: live.id,
    kind: listener.kind,
    listener: listener.name,
    client: record.client,
    protocol: record.protocol ?? "",
    ...knownOf(record, record.wouldDeny?.reason),
    state: live.state,
    startedAt: new Date(record.startedAt).toISOString(),
    ageMs: Math.max(0, now - record.startedAt),
    sent,
    received,
  };
}

/**
 * Creates the remembered row of an ended connection, which is smaller than its
 * log event.
 *
 * @param ended The connection.
 * @param texts Shared copies of texts.
 */
export function endedRow(
  { endedAt, id, listener, received, record, sent }: EndedConnection,
  texts: SharedTexts,
): EndedRow {
  return {
    id,
    kind: listener.kind,
    listener: listener.name,
    client: record.client,
    protocol: record.protocol ?? "",
    user: texts.share(record.user),
    target: texts.share(record.target),
    address: texts.share(record.address),
    via: texts.share(record.via),
    rule: record.rule,
    name: texts.share(record.name),
    wouldDeny: texts.share(record.wouldDeny?.reason),
    state: "ended",
    startedAt: record.startedAt,
    ageMs: Math.round(record.duration),
    sent,
    received,
    endedAt,
    result: record.result,
    code: record.code,
    reason: texts.share(record.reason),
    endedFirst: record.endedFirst,
  };
}

/**
 * Describes an ended connection.
 *
 * @param row Its remembered row.
 */
export function closedOf(row: EndedRow): ClosedTunnel {
  const { endedFirst, wouldDeny, ...rest } = row;
  return {
    id: rest.id,
    kind: rest.kind,
    listener: rest.listener,
    client: rest.client,
    protocol: rest.protocol,
    ...knownOf(rest, wouldDeny),
    state: rest.state,
    startedAt: new Date(rest.startedAt).toISOString(),
    ageMs: rest.ageMs,
    sent: rest.sent,
    received: rest.received,
    endedAt: new Date(rest.endedAt).toISOString(),
    result: rest.result,
    code: rest.code,
    reason: rest.reason,
    ...(endedFirst === undefined ? {} : { endedFirst }),
  };
}

function knownOf(
  { user, target, address, via, rule, name }: {
    [Name in keyof Knowing]?: Knowing[Name];
  },
  wouldDeny: string | undefined,
): Pick<Tunnel, Exclude<KnownName, "endedFirst">> {
  return {
    ...(user === undefined ? {} : { user }),
    ...(target === undefined ? {} : { target }),
    ...(address === undefined ? {} : { address }),
    ...(via === undefined ? {} : { via }),
    ...(rule === undefined ? {} : { rule }),
    ...(name === undefined ? {} : { name }),
    ...(wouldDeny === undefined ? {} : { wouldDeny }),
  };
}
