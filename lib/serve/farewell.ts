/**
 * Ends a connection whose client may not have read the last message yet.
 *
 * @module
 */

import { linger, type LingerLimits } from "../net/linger.ts";
import type { Session } from "./session.ts";

/**
 * Gives the client time to read the last message. The connection keeps its
 * rates, and its place unless another one needs it; a drain ends it.
 *
 * @param session The client; its last message is written, and all readers are
 *   released.
 * @param limits For how long and how much the client may still send.
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
