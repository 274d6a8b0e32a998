/**
 * Answers one client of `sluice echo`: with its own bytes (RFC 862), with
 * nothing (RFC 863), or with endless text (RFC 864).
 *
 * @module
 */

import { CutError } from "../observe/cut_error.ts";
import { LINGER } from "../net/linger.ts";
import type { TunnelResult } from "../net/tunnel.ts";
import { timeoutError } from "../sync/context.ts";
import { type Deadline, setDeadline } from "../sync/deadline.ts";
import { DelayLine } from "../sync/delay_line.ts";
import { watchStall } from "../sync/stall.ts";
import { chargenBlock } from "./chargen.ts";
import type { Protocol } from "../serve/connection.ts";
import type { ConnectionServices } from "../serve/connection_services.ts";
import type { Session } from "../serve/session.ts";

/** Most bytes of one connection to hold for a delay. */
const MOST_HELD = 1024 * 1024;

/**
 * Milliseconds without a byte after which a draining server assumes that
 * nothing more is on its way.
 */
export const QUIET = 250;

/** Kind of answer. */
export type EchoMode = "echo" | "discard" | "chargen";

/** Settings for answering a client. */
export interface EchoSettings {
  /** Kind of answer. */
  mode: EchoMode;
  /** Delay of each answer in milliseconds; 0 disables it. */
  delay: number;
  /** Most bytes to write at a time. */
  chunk: number;
  /** Bytes of the answer, or discarded bytes, before the connection ends. */
  limit: number;
  /** Ends the connection with RST at the limit; without it, FIN ends it. */
  reset?: () => Promise<void>;
}

/**
 * Creates the handler of a client. When the client half-closes, the server
 * first answers everything it received and then closes its own side. Endless
 * text stops at that point; text with a limit is sent in full. While draining,
 * the server closes once nothing moves any more.
 *
 * @param settings How to answer.
 */
export function echo(settings: EchoSettings): Protocol<ConnectionServices> {
  return (session) => new Exchange(session, settings).run();
}

/** The exchange with one client. */
class Exchange {
  readonly #session: Session;
  readonly #settings: EchoSettings;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #line: DelayLine<Uint8Array> | undefined;
  readonly #result: TunnelResult = {
    sent: 0,
    received: 0,
    endedFirst: undefined,
    error: undefined,
  };
  #left: number;
  #isWriting = false;
  /** Whether the server has closed its side and answers nothing more. */
  #isEnding = false;
  #cut: unknown;
  #quiet: Deadline | undefined;
  #linger: Deadline | undefined;

  constructor(session: Session, settings: EchoSettings) {
    this.#session = session;
    this.#settings = settings;
    this.#writer = session.client.writable.getWriter();
    this.#writer.closed.catch(() => {}); // The failed write reports it.
    this.#left = settings.limit;
    if (settings.delay === 0) return;
    const write = (bytes: Uint8Array) => this.#write(bytes);
    this.#line = new DelayLine(settings.delay, MOST_HELD, write);
  }

  async run(): Promise<TunnelResult> {
    const { client, draining, live, record } = this.#session;
    this.#session.endHandshake();
    live?.meter(() => ({ sent: client.received, received: client.sent }));
    live?.open();
    record.protocol = record.target = this.#settings.mode;
    const admission = this.#session.admit();
    if (admission !== undefined) await admission;
    const idle = this.#watchIdle();
    const stopWaiting = draining.onCancel(() => this.#drain());
    try {
      if (this.#left === 0) await this.#end();
      await Promise.all([this.#answerAll(), this.#generate()]);
    } catch (error) {
      this.#fail(error);
    } finally {
      stopWaiting();
      idle.clear();
      this.#quiet?.clear();
      this.#linger?.clear();
      this.#line?.clear();
      client.releaseBuffer();
    }
    this.#result.sent = client.received;
    this.#result.received = client.sent;
    return this.#result;
  }

  /**
   * Reads until the client ends. Once the server has closed its side, it
   * discards what it reads.
   */
  async #answerAll(): Promise<void> {
    const { reader } = this.#session;
    while (true) {
      const bytes = await reader.readSome();
      if (bytes === undefined) break;
      if (!this.#isEnding) await this.#answer(bytes);
    }
    this.#result.endedFirst ??= "client";
    if (this.#settings.mode === "chargen") return;
    await this.#line?.drain();
    await this.#end();
  }

  async #answer(bytes: Uint8Array): Promise<void> {
    const { mode } = this.#settings;
    if (mode === "chargen") return;
    if (mode === "discard") await this.#spend(bytes.length);
    else if (this.#line === undefined) await this.#write(bytes);
    // The next read reuses the same memory, so the line holds a copy.
    else await this.#line.push(bytes.slice(), bytes.length);
  }

  /** Sends endless text until the limit or the client's end. */
  async #generate(): Promise<void> {
    const { mode, limit } = this.#settings;
    if (mode !== "chargen") return;
    const block = chargenBlock();
    const hasLeft = () =>
      limit === Infinity && this.#result.endedFirst === "client";
    while (!this.#isEnding && !hasLeft()) await this.#write(block);
    await this.#end();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const { chunk } = this.#settings;
    const length = Math.min(bytes.length, this.#left);
    this.#isWriting = true;
    for (let start = 0; start < length && !this.#isEnding; start += chunk) {
      const end = Math.min(start + chunk, length);
      await this.#writer.write(bytes.subarray(start, end));
    }
    this.#isWriting = false;
    await this.#spend(length);
  }

  /** Counts bytes towards the limit. */
  async #spend(count: number): Promise<void> {
    this.#left = Math.max(0, this.#left - count);
    if (this.#left === 0) await this.#end();
  }

  /**
   * Closes the server's side, and gives the client a little time to close its
   * own.
   */
  async #end(): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    const { limit, reset } = this.#settings;
    const { client } = this.#session;
    this.#result.endedFirst ??= "target";
    if (reset !== undefined && this.#left === 0) {
      this.#result.error = new CutError(
        "reset-asked",
        `Reset after ${limit} bytes, as asked`,
      );
      return await reset();
    }
    this.#linger = setDeadline(LINGER.total, () => client.close());
    await this.#writer.close();
  }

  /** Closes the connection once nothing moves any more. */
  #drain(): void {
    const { mode, limit } = this.#settings;
    const end = () => {
      this.#end().catch((error) => this.#fail(error));
    };
    // With endless text, no answer is on its way back.
    if (mode === "chargen" && limit === Infinity) return end();
    let looks = 0;
    const isBusy = () => this.#isWriting || this.#line?.isEmpty === false;
    const progress = () => isBusy() ? --looks : this.#moved();
    this.#quiet = watchStall(QUIET, progress, end);
  }

  #watchIdle(): Deadline {
    const { idle } = this.#session.services.timeouts;
    const limit = idle === 0 ? 0 : idle + this.#settings.delay;
    return watchStall(limit, () => this.#moved(), () => {
      this.#cut = timeoutError(idle, "Idle time");
      this.#session.client.close();
    });
  }

  #moved(): number {
    return this.#session.client.received + this.#session.client.sent;
  }

  #fail(error: unknown): void {
    const { context } = this.#session;
    const isOver = this.#isEnding && this.#result.endedFirst === "target";
    // The server had finished, so the client may leave in any way.
    if (isOver && !context.cancelled) return;
    const reason = context.cancelled ? context.reason : this.#cut;
    this.#result.error = reason ?? error;
    if (reason !== undefined) return;
    this.#result.failed = "client";
    this.#result.endedFirst ??= "client";
  }
}
