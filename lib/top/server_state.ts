/**
 * The state of the server, collected from its events: status and tunnels.
 *
 * @module
 */

import type { SnapshotEvent, Status, TickEvent } from "../admin/api.ts";
import type { ServerEvent } from "../admin/client/event_parser.ts";
import type { LiveListener, StreamState } from "../admin/client/live.ts";
import { TunnelList } from "../admin/client/tunnel_list.ts";

/** Collects the state from events. */
export class ServerState implements LiveListener {
  /** The tunnels. */
  readonly list: TunnelList = new TunnelList();
  /** New connections a second, in the last tick. */
  opened = 0;
  /** The state of the event stream. */
  stream: StreamState = { is: "connecting" };
  readonly #onChange: (what: "event" | "stream") => void;
  #status: Status | undefined;
  /** Time of the last tick by the server's clock, in milliseconds since 1970. */
  #tickedAt: number | undefined;
  /** Whether the server announced its end. */
  #hasEnded = false;
  /** When the server started, by the clock that nobody sets. */
  #startedAt = 0;

  /**
   * Starts empty.
   *
   * @param onChange Called after each event and each state of the stream.
   */
  constructor(onChange: (what: "event" | "stream") => void = () => {}) {
    this.#onChange = onChange;
  }

  /** The status; `undefined` before the first event. */
  get status(): Status | undefined {
    const status = this.#status;
    if (status === undefined) return undefined;
    return { ...status, uptimeMs: performance.now() - this.#startedAt };
  }

  /** Applies an event. */
  async onEvent({ data, name }: ServerEvent): Promise<void> {
    if (name === "snapshot") await this.#restart(JSON.parse(data));
    else if (name === "tick") this.#update(JSON.parse(data));
    else if (name === "end") this.list.end();
    else return;
    this.#onChange("event");
  }

  /** Stores the state of the stream. */
  onState(state: StreamState): void {
    if (state.is === "live") this.#hasEnded = false;
    if (state.is === "lost") this.#hasEnded ||= state.hasEnded;
    // Later attempts only fail, so the announced end stays true.
    this.stream = state.is === "lost"
      ? { ...state, hasEnded: this.#hasEnded }
      : state;
    this.#onChange("stream");
  }

  async #restart(event: SnapshotEvent): Promise<void> {
    this.#status = event.status;
    this.#startedAt = performance.now() - event.status.uptimeMs;
    this.#tickedAt = undefined;
    await this.list.restart(event);
  }

  #update(event: TickEvent): void {
    if (this.#status === undefined) return;
    this.#count(event);
    this.#status = { ...this.#status, ...event.status };
    // The server keeps ended tunnels; here they would only take memory.
    this.list.update({ ...event, closed: [] });
  }

  #count({ at, status }: TickEvent): void {
    const more = status.total - this.#status!.total;
    const seconds = (at - (this.#tickedAt ?? at - 1_000)) / 1_000;
    this.opened = Math.max(0, more) / Math.max(0.001, seconds);
    this.#tickedAt = at;
  }
}
