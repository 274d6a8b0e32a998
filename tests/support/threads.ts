/**
 * Threads of a program with invented connections.
 *
 * @module
 */

import { OwnThread } from "../../lib/admin/threads/own.ts";
import type { Thread } from "../../lib/admin/threads/thread.ts";
import { OtherThread } from "../../lib/admin/threads/other.ts";
import { answerFor } from "../../lib/admin/threads/watch.ts";
import type { LiveConnection } from "../../lib/serve/live_connection.ts";
import type { ListenerWatch } from "../../lib/serve/listener_watch.ts";
import { Registry } from "../../lib/serve/registry.ts";
import type { ConnectionEvent } from "../../lib/observe/log_event.ts";
import { Context } from "../../lib/sync/context.ts";
import { ThreadLink } from "../../lib/sync/thread_link.ts";
import type { AskThread } from "../../lib/serve/watched_thread.ts";
import type { WorkerActs } from "../../lib/workers/message.ts";

const NAME = "127.0.0.1:1080";

/** Places of a thread. */
export const PLACES = ["same thread", "message port"] as const;

/** A thread and the data it shows. Disposing of it ends it. */
export interface TestThread extends Disposable {
  readonly thread: Thread;
  readonly registry: Registry;
  readonly listener: ListenerWatch;
}

/** Options for {@linkcode openThread}. */
export interface TestThreadOptions {
  /** Place of the thread (default: seemingly another thread). */
  place?: typeof PLACES[number];
  /** Returns numbers for connections (default from 1). */
  nextId?: () => number;
  /** Milliseconds for an answer (default 2,000). */
  timeout?: number;
  /** Number of the worker (default 1). */
  worker?: number;
}

/** Opens a thread with one listener and no connections. */
export function openThread(
  { nextId, place = "message port", timeout = 2_000, worker = 1 }:
    TestThreadOptions = {},
): TestThread {
  const registry = new Registry(nextId === undefined ? {} : { nextId });
  const listener = registry.listen({
    name: NAME,
    kind: "proxy",
    isPublic: false,
  });
  if (place === "same thread") {
    const thread = new OwnThread(registry);
    return { thread, registry, listener, [Symbol.dispose]() {} };
  }
  const { port1, port2 } = new MessageChannel();
  const watched = answerFor(registry);
  new ThreadLink(port2, { answer: watched.answer });
  const thread = new OtherThread(askOver(port1), { worker, timeout });
  return {
    thread,
    registry,
    listener,
    [Symbol.dispose]() {
      thread.close();
      watched[Symbol.dispose]();
      port1.close();
      port2.close();
    },
  };
}

/** Asks a thread at the other end of a port, as in the program. */
export function askOver(port: MessagePort): AskThread {
  const link = new ThreadLink<Pick<WorkerActs, "answer">>(port, {});
  return (question, asked) => link.ask("answer", question, asked);
}

/** A thread whose worker never answers, with the questions it received. */
export function openSilentThread(
  timeout: number,
): { thread: OtherThread; asked: string[] } & Disposable {
  const { port1, port2 } = new MessageChannel();
  const asked: string[] = [];
  port2.onmessage = ({ data }) => asked.push(data.values[0]);
  const thread = new OtherThread(askOver(port1), { worker: 9, timeout });
  return {
    thread,
    asked,
    [Symbol.dispose]() {
      thread.close();
      port1.close();
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
      code: "client-closed",
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
