/**
 * Follows another node of a fleet. Its events do not cross the fleet: this asks
 * for its state again and again, and makes the same events of the difference.
 *
 * @module
 */

import type { Status, TickEvent, Tunnel, TunnelsAnswer } from "../api.ts";
import { type Api, describeFailure } from "./api.ts";
import type { LiveListener } from "./live.ts";

/** Milliseconds between two questions. */
const STEP = 2_000;

/** Most tunnels of another node: more would take Redis's time. */
export const MOST_OF_NODE = 1_000;

/**
 * Asks until it is aborted. The calls go to the node that `api` has chosen.
 *
 * @param signal Ends it when aborted.
 */
export async function followNode(
  api: Pick<Api, "call">,
  { onEvent, onState }: LiveListener,
  signal: AbortSignal,
): Promise<void> {
  let known: ReadonlyMap<number, Tunnel> | undefined;
  onState({ is: "connecting" });
  while (!signal.aborted) {
    try {
      const [status, { tunnels }] = await askState(api);
      if (signal.aborted) return;
      const before = known;
      known = new Map(tunnels.map((tunnel) => [tunnel.id, tunnel]));
      if (before === undefined) onState({ is: "live" });
      await onEvent(
        before === undefined
          ? { name: "snapshot", data: JSON.stringify({ status, tunnels }) }
          : {
            name: "tick",
            data: JSON.stringify(tickOf(before, known, status)),
          },
      );
    } catch (error) {
      if (signal.aborted) return;
      known = undefined;
      const retryAt = Date.now() + STEP;
      const why = describeFailure(error);
      onState({ is: "lost", why, retryAt, hasEnded: false });
    }
    await new Promise((resolve) => setTimeout(resolve, STEP));
  }
}

function askState(
  api: Pick<Api, "call">,
): Promise<[status: Status, tunnels: TunnelsAnswer]> {
  return Promise.all([
    api.call("GET /api/status"),
    api.call(`GET /api/tunnels?limit=${MOST_OF_NODE}`),
  ]);
}

/** The event that a stream would have sent. */
function tickOf(
  before: ReadonlyMap<number, Tunnel>,
  after: ReadonlyMap<number, Tunnel>,
  status: Status,
): TickEvent {
  const event: TickEvent = {
    ...{ at: Date.now(), status, opened: [], closed: [], changed: [] },
    gone: [...before.keys()].filter((id) => !after.has(id)),
  };
  for (const [id, tunnel] of after) {
    const { received, sent, state } = tunnel;
    const old = before.get(id);
    if (old === undefined) event.opened.push(tunnel);
    else if (
      old.sent + old.received !== sent + received || old.state !== state
    ) {
      event.changed.push([id, sent, received, state]);
    }
  }
  return event;
}
