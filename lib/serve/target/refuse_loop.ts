/**
 * Finds the listeners of this program on a connection's path.
 *
 * @module
 */

import { ownDials } from "../../net/own_dials.ts";
import type { Trail } from "../../net/own_listeners.ts";
import { Refusal } from "../../policy/limits/refusal.ts";
import type { Session } from "../session.ts";

/**
 * Finds the path of a connection before Sluice reads from it or dials for it. A
 * connection from another program costs nothing.
 *
 * @param session The client.
 * @returns Resolves once the path is known; `undefined` if it already is.
 * @throws {Refusal} `loop`, if it has already passed this listener.
 */
export function refuseLoop(
  session: Session,
): Promise<void> | undefined {
  const { context, local, remote, services } = session;
  if (services.trail === undefined || ownDials.isIdle) return undefined;
  const ends = { localAddr: local, remoteAddr: remote };
  const found = ownDials.find(ends, context);
  if (found === undefined) return undefined;
  if (!(found instanceof Promise)) {
    goOn(session, found);
    return undefined;
  }
  return found.then((trail) => goOn(session, trail), (error: unknown) => {
    context.throwIfCancelled();
    if (!(error instanceof DOMException)) throw error;
    throw new Refusal(
      "loop",
      "loop: Sluice could not tell in time where it came from",
    );
  });
}

function goOn(
  session: Session,
  trail: Trail | undefined,
): void {
  if (trail === undefined) return;
  const [here] = session.trail;
  session.trail = [...trail, ...session.trail];
  if (!trail.includes(here!)) return;
  throw new Refusal("loop", `loop: it came through ${here} before`);
}
