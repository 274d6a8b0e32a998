/**
 * The body of a request on its way, while the answer may come already.
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

/** Sends one body, and watches the client when it is sent. */
export class HttpUpload implements Disposable {
  /** Whether the client was told to go on, or needs not be. */
  isInvited: boolean;
  /** Whether the whole body is sent. */
  isSent = false;

  readonly #pair: ConnectionPair;
  readonly #framing: Framing;
  #sending: Promise<void> = Promise.resolve();
  #isSending = false;
  #halfClose: Deadline | undefined;

  /**
   * Prepares it.
   *
   * @param pair Where it goes.
   * @param framing Where the body ends.
   */
  constructor(pair: ConnectionPair, head: RequestHead, framing: Framing) {
    this.#pair = pair;
    this.#framing = framing;
    this.isInvited = !head.fields.tokens("expect").includes("100-continue");
  }

  /** Begins to send, as the body comes. */
  start(): void {
    this.#sending = this.#send();
  }

  /**
   * Lets a body go on that the answer did not wait for, but not one that it
   * has refused, which may never come (RFC 9110 §10.1.1).
   *
   * @param status Status of the answer, which the client has got.
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
   * Ends the watch. A piece that is still on its way to the origin server lies
   * in the client's buffer, which no other connection may get then.
   */
  [Symbol.dispose](): void {
    this.#halfClose?.clear();
    if (this.#isSending) this.#pair.client.reader.detach();
  }

  /** Never rejects: what fails cuts the exchange, or is told by the answer. */
  async #send(): Promise<void> {
    const pair = this.#pair;
    const cut = (error: unknown) => pair.cut("client", error);
    let isOriginGone = false;
    this.#isSending = true;
    try {
      if (this.#framing.kind !== "none") {
        using writer = new UploadWriter(pair, cut);
        await relayBody(pair.client.reader, this.#framing, async (bytes) => {
          this.isInvited = true; // A client need not wait for it.
          isOriginGone = true;
          await writer.write(bytes);
          isOriginGone = false;
        });
        isOriginGone = true;
        await writer.flush();
      }
    } catch (error) {
      // An origin server that does not want the body may have said why.
      if (!isOriginGone) cut(error);
      return;
    } finally {
      this.#isSending = false;
    }
    this.isSent = true;
    this.#watchClient();
  }

  /** A client that leaves needs no answer; one that half-closes does. */
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
