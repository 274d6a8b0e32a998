/**
 * Who a client is: the one place where credentials are checked, whatever the
 * client speaks.
 *
 * @module
 */

import { Refusal } from "../policy/refusal.ts";
import type { Session } from "./session.ts";

/** What a client says of itself. */
export interface GivenCredentials {
  /** User name as sent. */
  username: string;
  /** Password as sent. */
  password: Uint8Array;
}

/**
 * Checks credentials, and notes the user in the record and the session.
 *
 * @param session The client, of a listener that has users.
 * @param credentials What it has sent.
 * @throws {Refusal} `unauthenticated`, where they are wrong.
 */
export async function authenticate(
  session: Session,
  { username, password }: GivenCredentials,
): Promise<void> {
  const { record, services } = session;
  record.user = username;
  if (!await services.users!.verify(username, password)) {
    throw new Refusal("unauthenticated", "Wrong user name or password");
  }
  session.identity = { name: username, via: "password" };
}
