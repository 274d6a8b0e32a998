/**
 * What a client of `sluice echo` gets: its own bytes back (RFC 862), nothing
 * (RFC 863), or a text without end (RFC 864).
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

/** Bytes of one connection that are held back for a delay. */
const MOST_HELD = 1024 * 1024;

/**
 * Milliseconds without a byte after which a draining server takes it that
 * nothing is on its way any more.
 */
export const QUIET = 250;

/** What the answer is. */
export type EchoMode = "echo" | "discard" | "chargen";

/** How a client is answered. */
export interface EchoSettings {
  /** What the answer is. */
  mode: EchoMode;
  /** Milliseconds by which each answer is held back; 0 is not at all. */
  delay: number;
  /** Bytes that are written at a time at most. */
  chunk: number;
  /** Bytes of the answer, or bytes thrown away, until the end. */
  limit: number;
  /** Ends with RST at the limit; `undefined` ends with FIN. */
  reset?: () => Promise<void>;
}

/**
 * Makes the handler of a client. Its end of file is honoured: all that it sent
 * is answered before ours. A text without end ends there too, but one with a
 * limit is sent whole. In a drain the server ends when nothing moves any more.
 *
 * @param settings How to answer.
 * @returns The handler.
 */
export function echo(settings: EchoSettings): Protocol<ConnectionServices> {
  return (session) => new Exchange(session, settings).run();
}

/** One client while it is answered. */
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
  /** Whether our end is sent: nothing is answered any more. */
  #isEnding = false;
  #cut: unknown;
  #quiet: Deadline | undefined;
  #linger: Deadline | undefined;

  constructor(session: Session, settings: EchoSettings) {
    this.#session = session;
    this.#settings = settings;
    this.#writer = session.client.writable.getWriter();
    this.#writer.closed.catch(() => {}); // The write that failed tells.
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
    this.#session.admit();
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

  /** Reads to the client's end; what comes after ours is thrown away. */
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
    // The next read uses the same memory, so the line holds a copy.
    else await this.#line.push(bytes.slice(), bytes.length);
  }

  /** Sends the text without end, to the limit or to the client's end. */
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

  /** Counts towards the limit. */
  async #spend(count: number): Promise<void> {
    this.#left = Math.max(0, this.#left - count);
    if (this.#left === 0) await this.#end();
  }

  /** Sends our end, and gives the client a little time to send its own. */
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

  /** Ends when nothing moves any more. */
  #drain(): void {
    const { mode, limit } = this.#settings;
    const end = () => {
      this.#end().catch((error) => this.#fail(error));
    };
    // Of a text without end, nothing is on its way back.
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
    // After our end nothing was owed: a client may leave as it likes.
    if (isOver && !context.cancelled) return;
    const reason = context.cancelled ? context.reason : this.#cut;
    this.#result.error = reason ?? error;
    if (reason !== undefined) return;
    this.#result.failed = "client";
    this.#result.endedFirst ??= "client";
  }
}
