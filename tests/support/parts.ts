/**
 * Parts of a program with invented connections.
 *
 * @module
 */

import { LocalPart } from "../../lib/admin/local_part.ts";
import type { Part } from "../../lib/admin/part.ts";
import { RemotePart } from "../../lib/admin/remote_part.ts";
import { servePart } from "../../lib/admin/serve_part.ts";
import type { LiveConnection } from "../../lib/serve/live_connection.ts";
import type { ListenerWatch } from "../../lib/serve/listener_watch.ts";
import { Registry } from "../../lib/serve/registry.ts";
import type { ConnectionEvent } from "../../lib/observe/log_event.ts";
import { Context } from "../../lib/sync/context.ts";

const NAME = "127.0.0.1:1080";

/** Places of a part. */
export const PLACES = ["same thread", "message port"] as const;

/** A part and the data it shows. Disposing of it ends it. */
export interface TestPart extends Disposable {
  readonly part: Part;
  readonly registry: Registry;
  readonly listener: ListenerWatch;
}

/** Options for {@linkcode openPart}. */
export interface TestPartOptions {
  /** Place of the part (default: seemingly another thread). */
  place?: typeof PLACES[number];
  /** Returns numbers for connections (default from 1). */
  nextId?: () => number;
  /** Milliseconds for an answer (default 2,000). */
  timeout?: number;
  /** Number of the worker (default 1). */
  worker?: number;
}

/** Opens a part with one listener and no connections. */
export function openPart(
  { nextId, place = "message port", timeout = 2_000, worker = 1 }:
    TestPartOptions = {},
): TestPart {
  const registry = new Registry(nextId === undefined ? {} : { nextId });
  const listener = registry.listen({
    name: NAME,
    kind: "proxy",
    isPublic: false,
  });
  if (place === "same thread") {
    const part = new LocalPart(registry);
    return { part, registry, listener, [Symbol.dispose]() {} };
  }
  const { port1, port2 } = new MessageChannel();
  const served = servePart(port2, registry);
  const part = new RemotePart(port1, { worker, timeout });
  return {
    part,
    registry,
    listener,
    [Symbol.dispose]() {
      part.close();
      served[Symbol.dispose]();
    },
  };
}

/** A part whose worker never answers, with the questions it received. */
export function openSilentPart(
  timeout: number,
): { part: RemotePart; asked: string[] } & Disposable {
  const { port1, port2 } = new MessageChannel();
  const asked: string[] = [];
  port2.onmessage = ({ data }) => asked.push(data.question);
  const part = new RemotePart(port1, { worker: 9, timeout });
  return {
    part,
    asked,
    [Symbol.dispose]() {
      part.close();
      port2.close();
    },
  };
}

/** An invented connection. */
export class FakeConnection {
  readonly record: ConnectionEvent;
  readonly context: Context = new Context();
  readonly live: LiveConnection;
  readonly #carried = { sent: 0, received: 0 };

  /** Arrives at a listener, and opens immediately. */
  constructor(listener: ListenerWatch, more: Partial<ConnectionEvent> = {}) {
    this.record = {
      event: "connection",
      startedAt: Date.now(),
      duration: 0,
      listener: listener.name,
      client: "127.0.0.1:50000",
      protocol: "socks5",
      target: "example.com:443",
      address: "192.0.2.1:443",
      sent: 0,
      received: 0,
      result: "ok",
      reason: "",
      ...more,
    };
    this.live = listener.enter(this);
    this.live.meter(() => this.#carried);
  }

  /** Carries bytes. */
  carry(sent: number, received: number): void {
    this.#carried.sent += sent;
    this.#carried.received += received;
  }

  /** Ends cleanly. */
  end(): void {
    Object.assign(this.record, this.#carried, { reason: "client closed" });
    this.record.duration = 5;
    this.live.leave(false);
  }
}
