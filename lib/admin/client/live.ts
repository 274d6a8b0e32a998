/**
 * The event stream: opens it, reads it, and reopens it when it ends.
 *
 * @module
 */

import { type CallOptions, describeFailure } from "./api.ts";
import { EventParser, type ServerEvent } from "./event_parser.ts";

/** Milliseconds until it is reopened: at first and at most. */
const RETRY = { first: 1_000, most: 15_000 } as const;

/** Milliseconds without an event after which the server counts as lost. */
const SILENCE = 10_000;

/** The state of the stream. */
export type StreamState =
  | { is: "connecting" }
  | { is: "live" }
  | { is: "lost"; why: string; retryAt: number; hasEnded: boolean };

/** Receives events and states. */
export interface LiveListener {
  /** Handles an event; the next one waits until this call finishes. */
  onEvent(event: ServerEvent): Promise<void>;
  /** Handles the new state of the stream. */
  onState(state: StreamState): void;
}

/** Makes the calls that the stream needs. */
export interface EventSourceOpener {
  /** Makes a call; rejects if the answer is a failure. */
  open(path: string, options: CallOptions): Promise<Response>;
  /** Describes in words why a call failed (default: as the page does). */
  describe?(error: unknown): string;
}

/**
 * Reads events, and reconnects, until aborted.
 *
 * @param signal Ends it when aborted (default: it never ends).
 */
export async function follow(
  api: EventSourceOpener,
  listener: LiveListener,
  signal?: AbortSignal,
): Promise<void> {
  for (
    let pause: number = RETRY.first;
    !signal?.aborted;
    pause = Math.min(2 * pause, RETRY.most)
  ) {
    listener.onState({ is: "connecting" });
    let why = "the server closed the stream";
    let hasEnded = false;
    try {
      const onEvent = (event: ServerEvent) => {
        hasEnded ||= event.name === "end";
        return listener.onEvent(event);
      };
      const onOpen = () => {
        pause = RETRY.first;
        listener.onState({ is: "live" });
      };
      await read(api, onEvent, { onOpen, signal });
    } catch (error) {
      why = describe(error, api);
    }
    if (signal?.aborted) return;
    const retryAt = Date.now() + pause;
    listener.onState({ is: "lost", why, retryAt, hasEnded });
    await wait(pause, signal);
  }
}

/** Waits for a time, or until it is aborted. */
function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    if (signal?.aborted) end();
    signal?.addEventListener("abort", end);
  });
}

async function read(
  api: EventSourceOpener,
  onEvent: LiveListener["onEvent"],
  { onOpen, signal }: { onOpen: () => void; signal: AbortSignal | undefined },
): Promise<void> {
  let silence = new AbortController();
  const stop = () => silence.abort();
  signal?.addEventListener("abort", stop);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listen = () => {
    const now = silence;
    clearTimeout(timer);
    timer = setTimeout(() => now.abort(), SILENCE);
    return now.signal;
  };
  try {
    const response = await api.open("api/events", {
      limit() {
        silence = new AbortController();
        return listen();
      },
    });
    const text = response.body!.pipeThrough(new TextDecoderStream());
    const parser = new EventParser();
    // Not every browser can iterate over a stream.
    const reader = text.getReader();
    for (let isFirst = true;; isFirst = false) {
      const { done, value } = await reader.read();
      if (done) return;
      listen();
      if (isFirst) onOpen();
      for (const event of parser.push(value)) await onEvent(event);
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
    stop();
  }
}

function describe(error: unknown, api: EventSourceOpener): string {
  const isSilence = error instanceof DOMException &&
    error.name === "AbortError";
  if (isSilence) return `no data for ${SILENCE / 1000} s`;
  return api.describe?.(error) ?? describeFailure(error);
}
