/**
 * Sends the body of a request while the answer may already arrive.
 *
 * @module
 */

import { relayBody } from "../../net/http_body.ts";
import { timeoutError } from "../../sync/context.ts";
import { type Deadline, setDeadline } from "../../sync/deadline.ts";
import { watchStall } from "../../sync/stall.ts";
import type { Framing } from "../../wire/http1/framing.ts";
import type { RequestHead } from "../../wire/http1/request.ts";
import type { ConnectionPair } from "./connection_pair.ts";
import { UploadWriter } from "./upload_writer.ts";

/** Sends one body, and then watches the client. */
export class HttpUpload implements Disposable {
  /** Whether the client may send the body without waiting. */
  isInvited: boolean;
  /** Whether the whole body is sent. */
  isSent = false;

  readonly #pair: ConnectionPair;
  readonly #framing: Framing;
  #sending: Promise<void> = Promise.resolve();
  #isSending = false;
  #halfClose: Deadline | undefined;

  /**
   * Prepares the upload.
   *
   * @param pair Where it goes.
   * @param framing Where the body ends.
   */
  constructor(pair: ConnectionPair, head: RequestHead, framing: Framing) {
    this.#pair = pair;
    this.#framing = framing;
    this.isInvited = !head.fields.tokens("expect").includes("100-continue");
  }

  /** Starts to send the body as it arrives. */
  start(): void {
    this.#sending = this.#send();
  }

  /**
   * Finishes a body after an early answer, unless the answer refused it: such a
   * body may never arrive (RFC 9110 §10.1.1).
   *
   * @param status Status of the answer that the client received.
   */
  async finish(status: number): Promise<void> {
    if (this.isSent) return;
    if (status >= 400 || !this.isInvited) {
      this.#pair.stop();
      this.#pair.origin!.close();
      this.#pair.client.release();
    }
    await this.#sending;
  }

  /**
   * Ends the watch. A piece still being written to the origin server lies in
   * the client's buffer, which no other connection may get then.
   */
  [Symbol.dispose](): void {
    this.#halfClose?.clear();
    if (this.#isSending) this.#pair.client.reader.detach();
  }

  /** Never rejects: a failure cuts the exchange, or the answer explains it. */
  async #send(): Promise<void> {
    const pair = this.#pair;
    const cut = (error: unknown) => pair.cut("client", error);
    let isOriginGone = false;
    this.#isSending = true;
    try {
      if (this.#framing.kind !== "none") {
        using writer = new UploadWriter(pair, cut);
        await relayBody(pair.client.reader, this.#framing, async (bytes) => {
          this.isInvited = true; // Clients need not wait for 100 Continue.
          isOriginGone = true;
          await writer.write(bytes);
          isOriginGone = false;
        });
        isOriginGone = true;
        await writer.flush();
      }
    } catch (error) {
      // An origin server that rejects the body may have sent an answer.
      if (!isOriginGone) cut(error);
      return;
    } finally {
      this.#isSending = false;
    }
    this.isSent = true;
    this.#watchClient();
  }

  /** A client that resets needs no answer; one that half-closes does. */
  #watchClient(): void {
    const pair = this.#pair;
    const { reader, session } = pair.client;
    const { halfClose } = session.services.timeouts;
    const late = () =>
      pair.cut("client", timeoutError(halfClose, "Half-close time"));
    reader.fill().then((isThere) => {
      if (isThere || pair.isOver || this.#halfClose !== undefined) return;
      this.#halfClose = halfClose === 0
        ? setDeadline(1, late)
        : watchStall(halfClose, () => pair.progress(), late);
    }, (error) => pair.cut("client", error));
  }
}
