/**
 * One client of the hub. One loop reads, one writes, and between them a third
 * executes the client's messages and commands.
 *
 * ```text
 * socket > read > inbox > handle > hub > outboxes of the others
 * socket < write < outbox < hub, and notices for the client
 * ```
 *
 * Both queues are bounded. A full inbox stops reading, and so eventually the
 * client. A full outbox never stops the clients that fill it.
 *
 * @module
 */

import type { ConnectionCode } from "../observe/connection_code.ts";
import { CutError } from "../observe/cut_error.ts";
import { ByteReader } from "../net/byte_reader.ts";
import { LINGER } from "../net/linger.ts";
import type { TunnelResult } from "../net/tunnel.ts";
import { countOf } from "../observe/count_of.ts";
import { Channel } from "../sync/channel.ts";
import { Context } from "../sync/context.ts";
import { startHeartbeat } from "../sync/heartbeat.ts";
import { RateLimiter } from "../sync/rate_limiter.ts";
import { watchStall } from "../sync/stall.ts";
import type { HubDecoder, HubDialect, HubFrame } from "./wire/frame.ts";
import { CLOSE } from "./wire/websocket.ts";
import { farewell } from "../serve/farewell.ts";
import { runHubCommand } from "./commands.ts";
import type { HubMember } from "./member.ts";
import { HubOutbox } from "./outbox.ts";
import type { HubServices } from "./services.ts";
import type { Session } from "../serve/session.ts";

/** Most bytes of one read from a client. */
const MOST_CHUNK = 64 * 1024;

/** Most frames of a client that have been read but not handled. */
const INBOX = 16;

/** Why the hub ends a conversation that could have gone on. */
class HubFarewell extends CutError {
  readonly status: number;

  constructor(code: ConnectionCode, status: number, message: string) {
    super(code, message);
    this.name = "HubFarewell";
    this.status = status;
  }
}

/**
 * Serves one client until either side ends the conversation.
 *
 * @param session The admitted client, after its handshake.
 * @param dialect The client's dialect.
 * @returns How it ended.
 */
export async function serveHubClient(
  session: Session<HubServices>,
  dialect: HubDialect,
): Promise<TunnelResult> {
  using client = new HubClient(session, dialect);
  return await client.serve();
}

class HubClient implements Disposable {
  readonly #session: Session<HubServices>;
  readonly #dialect: HubDialect;
  /** Cancelled when the conversation ends. The socket may still be needed. */
  readonly #ending: Context;
  readonly #inbox = new Channel<HubFrame>(INBOX);
  readonly #outbox: HubOutbox;
  readonly #member: HubMember;
  readonly #rate: RateLimiter;
  readonly #counts = { sent: 0, received: 0, handled: 0, bytes: 0 };
  readonly #leaveDrain: () => void;
  /** The last bytes for a client that closes its side itself. */
  #closing: Uint8Array | undefined;

  constructor(session: Session<HubServices>, dialect: HubDialect) {
    const { hub, outbox, ratePerClient } = session.services;
    this.#session = session;
    this.#dialect = dialect;
    this.#ending = new Context(session.context);
    this.#outbox = new HubOutbox({
      ...outbox,
      describeLoss: (count) => dialect.encodeNotice(describeLoss(count)),
      onOverflow: () =>
        session.context.cancel(
          new CutError(
            "slow-reader",
            `client reads too slowly: ${outbox.most} messages wait`,
          ),
        ),
    });
    this.#rate = new RateLimiter(ratePerClient);
    this.#member = hub.enter(this.#outbox, dialect);
    session.live?.meter(() => ({
      sent: session.client.received,
      received: this.#counts.bytes,
    }));
    session.live?.open();
    this.#leaveDrain = session.draining.onCancel(() =>
      this.#ending.cancel(
        new HubFarewell(
          "shutdown",
          CLOSE.GoingAway,
          "The hub is shutting down",
        ),
      )
    );
  }

  /** Runs the three loops until they end. */
  async serve(): Promise<TunnelResult> {
    const reading = this.#readAll();
    const writing = this.#writeBatches();
    const error = await this.#handleAll();
    this.#session.services.hub.leave(this.#member);
    await this.#finishWriting(writing, error);
    await reading;
    const result = this.#result(error);
    // The client may still be sending: closing now could lose the hub's last
    // words.
    if (error instanceof HubFarewell || this.#closing !== undefined) {
      await farewell(this.#session, LINGER);
    }
    return result;
  }

  [Symbol.dispose](): void {
    this.#leaveDrain();
    this.#ending.release();
  }

  /** Fills the inbox until the end of file or of the conversation. */
  async #readAll(): Promise<void> {
    const reader = new ByteReader(this.#session.client, {
      mostChunk: MOST_CHUNK,
    });
    // A pending read can't be cancelled, but the loop can stop waiting for it.
    const unregister = this.#ending.onCancel(() => reader.release());
    const decoder = this.#dialect.decoder();
    try {
      while (await this.#readSome(reader, decoder));
      this.#inbox.close();
    } catch (error) {
      this.#ending.cancel(error);
    } finally {
      unregister();
      reader.release();
    }
  }

  async #readSome(
    reader: ByteReader,
    decoder: HubDecoder,
  ): Promise<boolean> {
    const bytes = await reader.readSome(decoder.least);
    const frames = bytes === undefined ? decoder.end() : decoder.push(bytes);
    for (const frame of frames) {
      await this.#inbox.send(frame, this.#ending);
      if (frame.kind === "end") return false;
    }
    return bytes !== undefined;
  }

  /** Writes the waiting messages, as many as possible at a time. */
  async #writeBatches(): Promise<void> {
    const { client, context } = this.#session;
    try {
      while (true) {
        const batch = await this.#outbox.take(context);
        if (batch === undefined) return;
        await client.write(batch.bytes);
        this.#counts.bytes += batch.bytes.length;
        this.#counts.received += batch.messages;
      }
    } catch (error) {
      this.#ending.cancel(error);
    }
  }

  /**
   * Executes what the client sends. Returns why it ended, unless the client
   * ended it.
   */
  async #handleAll(): Promise<unknown> {
    const { client, services } = this.#session;
    const heartbeat = startHeartbeat(
      services.heartbeat,
      () => client.received + this.#counts.handled,
      {
        beat: () => this.#send(this.#dialect.heartbeat),
        expire: () => this.#ending.cancel(silence(services.heartbeat)),
      },
    );
    try {
      while (true) {
        const frame = await this.#inbox.receive(this.#ending);
        if (frame === undefined) return undefined;
        await this.#rate.acquire(this.#ending);
        this.#counts.handled++;
        if (frame.kind === "end") {
          this.#closing = frame.bytes;
          return frame.error;
        }
        await this.#handle(frame);
      }
    } catch (error) {
      return error;
    } finally {
      heartbeat.clear();
    }
  }

  #handle(
    frame: Exclude<HubFrame, { kind: "end" }>,
  ): Promise<void> | undefined {
    const { hub } = this.#session.services;
    switch (frame.kind) {
      case "message":
        this.#counts.sent++;
        return hub.say(this.#member, frame.bytes);
      case "command":
        runHubCommand(hub, this.#member, frame.text);
        return undefined;
      case "problem":
        this.#member.tell(frame.text);
        return undefined;
      case "reply":
        this.#send(frame.bytes);
        return undefined;
    }
  }

  #send(bytes: Uint8Array): void {
    this.#outbox.push({ bytes, isMessage: false });
  }

  /** Gives up if the client reads nothing more. */
  async #finishWriting(writing: Promise<void>, error: unknown): Promise<void> {
    this.#outbox.close(
      error instanceof HubFarewell
        ? this.#dialect.encodeFarewell(error.message, error.status)
        : this.#closing,
    );
    const stall = watchStall(
      LINGER.idle,
      () => this.#counts.bytes,
      () => this.#session.client.close(),
    );
    await writing;
    stall.clear();
    this.#ending.cancel(error);
  }

  #result(error: unknown): TunnelResult {
    const { client, context, record } = this.#session;
    const { bytes, received, sent } = this.#counts;
    const { dropped } = this.#outbox;
    if (this.#member.isNamed) record.user = this.#member.name;
    record.messages = { sent, received, dropped };
    const isOurs = error instanceof HubFarewell || context.cancelled;
    const result: TunnelResult = {
      sent: client.received,
      received: bytes,
      endedFirst: isOurs ? undefined : "client",
      error: context.cancelled ? context.reason : error,
    };
    if (!isOurs && error !== undefined) result.failed = "client";
    return result;
  }
}

function silence(period: number): HubFarewell {
  const seconds = 3 * period / 1000;
  return new HubFarewell(
    "silent",
    CLOSE.PolicyViolation,
    `Closing: nothing heard for ${seconds} s`,
  );
}

function describeLoss(count: number): string {
  return `hub: ${countOf(count, "message")} dropped: you read too slowly`;
}
