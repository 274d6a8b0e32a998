/**
 * Ends a connection whose client may still have to read the last message.
 *
 * @module
 */

import { linger, type LingerLimits } from "../net/linger.ts";
import type { Session } from "./session.ts";

/**
 * Gives the client time to read the last message. The connection keeps its rate
 * limits, and its place until another connection needs it. A drain ends it.
 *
 * @param session The client. Its last message is written and all readers are
 *   released.
 * @param limits How long and how many bytes the client may still send.
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
