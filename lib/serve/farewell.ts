/**
 * The end of a connection whose client may not have read the last message yet.
 *
 * @module
 */

import { linger, type LingerLimits } from "../net/linger.ts";
import type { Session } from "./session.ts";

/**
 * Sees to the last message being read. The connection keeps its place, unless
 * another one finds none, and its rates; a drain ends it.
 *
 * @param session The client; the last message is written, and all readers of
 *   the connection have been released.
 * @param limits For how long, and how much the client may still send.
 */
export async function farewell(
  session: Session,
  limits: LingerLimits,
): Promise<void> {
  session.stopClock();
  session.offerPlace();
  session.usage?.paceFarewell();
  await linger(session.client, limits, session.draining);
}
