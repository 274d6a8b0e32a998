/**
 * The event stream: opens it, reads it, and reopens it when it ends.
 *
 * @module
 */

import { type Api, describeFailure } from "./api.ts";
import { EventParser, type ServerEvent } from "./event_parser.ts";

/** Milliseconds until it is reopened: first and most. */
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
  /** Takes an event. */
  onEvent(event: ServerEvent): void;
  /** Takes the new state of the stream. */
  onState(state: StreamState): void;
}

/** Reads events for as long as the page is open. */
export async function follow(api: Api, listener: LiveListener): Promise<void> {
  for (
    let pause: number = RETRY.first;;
    pause = Math.min(2 * pause, RETRY.most)
  ) {
    listener.onState({ is: "connecting" });
    let why = "the server has closed the stream";
    let hasEnded = false;
    try {
      const onEvent = (event: ServerEvent) => {
        hasEnded ||= event.name === "end";
        listener.onEvent(event);
      };
      await read(api, onEvent, () => {
        pause = RETRY.first;
        listener.onState({ is: "live" });
      });
    } catch (error) {
      why = describe(error);
    }
    const retryAt = Date.now() + pause;
    listener.onState({ is: "lost", why, retryAt, hasEnded });
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

async function read(
  api: Api,
  onEvent: LiveListener["onEvent"],
  onOpen: () => void,
): Promise<void> {
  let silence = new AbortController();
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
      for (const event of parser.push(value)) onEvent(event);
    }
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

function describe(error: unknown): string {
  const isSilence = error instanceof DOMException &&
    error.name === "AbortError";
  if (isSilence) return `nothing was heard for ${SILENCE / 1000} s`;
  return describeFailure(error);
}
