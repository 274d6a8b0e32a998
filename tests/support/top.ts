/**
 * What `sluice top` draws, from invented events.
 *
 * @module
 */

import type { Status, TickEvent, Tunnel } from "../../lib/admin/api.ts";
import type { Frame } from "../../lib/top/frame.ts";
import { UNKNOWN } from "../../lib/top/inquiries.ts";
import { type InquiryAnswers, takePicture } from "../../lib/top/picture.ts";
import { ServerState } from "../../lib/top/server_state.ts";
import { openView, type View } from "../../lib/top/view.ts";

/** A time within a second, so that a slow machine shows the same one. */
const HALF = 500;

/** Describes an open tunnel that is some seconds old. */
export function topTunnel(id: number, more: Partial<Tunnel> = {}): Tunnel {
  return {
    id,
    kind: "proxy",
    listener: "127.0.0.1:1080",
    client: `10.20.0.14:${50_000 + id}`,
    protocol: "socks5",
    target: "api.example.com:443",
    state: "open",
    // The same time of day in every time zone.
    startedAt: new Date(2026, 0, 2, 3, 4, 5).toISOString(),
    ageMs: 125_000 + HALF,
    sent: 0,
    received: 0,
    ...more,
  };
}

/** The status of a server with one listener. */
export function topStatus(more: Partial<Status> = {}): Status {
  return {
    version: "1.2.3",
    host: "gate",
    node: null,
    startedAt: "2026-01-01T00:00:00.000Z",
    uptimeMs: 3 * 86_400_000 + 4 * 3_600_000 + HALF,
    listeners: [{
      name: "127.0.0.1:1080",
      kind: "proxy",
      isPublic: false,
      isDraining: false,
      open: 3,
    }],
    memory: { rss: 60_000_000, heap: 20_000_000 },
    descriptors: { open: 20, limit: 1024 },
    draining: false,
    open: 3,
    total: 100,
    sent: 0,
    received: 0,
    eventLoopDelayMs: 1,
    ...more,
  };
}

/** A state after a snapshot. */
export function topState(
  tunnels: readonly Tunnel[],
  status: Partial<Status> = {},
): ServerState {
  const state = new ServerState();
  tell(state, "snapshot", { status: topStatus(status), tunnels });
  state.onState({ is: "live" });
  return state;
}

/** Tells a state what a second has changed. */
export function tick(state: ServerState, more: Partial<TickEvent> = {}): void {
  const { draining, eventLoopDelayMs, open, received, sent, total } = state
    .status!;
  tell(state, "tick", {
    at: (state.list.tick + 1) * 1_000,
    status: { draining, eventLoopDelayMs, open, received, sent, total },
    opened: [],
    closed: [],
    changed: [],
    gone: [],
    ...more,
  });
}

/** Short lists are complete when this returns. */
function tell(state: ServerState, name: string, value: unknown): void {
  void state.onEvent({ name, data: JSON.stringify(value) });
}

/** Options for {@linkcode topFrame}. */
export interface TopFrameOptions {
  columns?: number;
  rows?: number;
  view?: Partial<View>;
  inquiries?: Partial<InquiryAnswers>;
  isStyled?: boolean;
}

/** What is drawn for a terminal (default: 80 columns, 24 rows, no styles). */
export function topFrame(
  state: ServerState,
  options: TopFrameOptions = {},
): Frame {
  const { columns = 80, isStyled = false, rows = 24 } = options;
  const view = {
    ...openView({ filter: "", sort: "rate", isReversed: false }),
    ...options.view,
  };
  const inquiries = {
    share: undefined,
    talkers: UNKNOWN,
    failures: UNKNOWN,
    last: UNKNOWN,
    ...options.inquiries,
  };
  const picture = takePicture(state, inquiries, {
    ...view,
    seconds: 1,
    details: view.details?.row,
  });
  const size = { columns: columns - 1, rows };
  return { picture, view, size, address: "127.0.0.1:9090", isStyled };
}
