/**
 * Who a client is: the one place where credentials are checked, whatever the
 * client speaks.
 *
 * @module
 */

import { clientKey } from "../policy/limits/client_key.ts";
import { Refusal } from "../policy/limits/refusal.ts";
import { banEvents } from "../serve/limits/ban_events.ts";
import type { ProxySession } from "../serve/services.ts";

/** What a client says of itself. */
export interface GivenCredentials {
  /** User name as sent. */
  username: string;
  /** Password as sent. */
  password: Uint8Array;
}

/**
 * Tells whether a client has to log in: one with a certificate has not.
 *
 * @param session The client.
 * @returns Whether it has to give a user name and password.
 */
export function mustLogIn({ identity, services }: ProxySession): boolean {
  return services.users !== undefined && identity?.via !== "certificate";
}

/**
 * Checks credentials, and notes the user in the record and the session.
 *
 * @param session The client, of a listener that has users.
 * @param credentials What it has sent.
 * @throws {Refusal} `unauthenticated`, where they are wrong; `banned`, where too
 *   many of the client's were; `limit reached`, where too many are being checked.
 */
export async function authenticate(
  session: ProxySession,
  { username, password }: GivenCredentials,
): Promise<void> {
  const { record, remote, services } = session;
  const { bans } = services;
  const client = remote.hostname;
  record.user = username;
  session.live?.begin("auth");
  bans.check(client);
  const isRight = await services.users!.verify(username, password, {
    client: clientKey(client),
    // It may have been banned for others of its tries while this one waited.
    beforeCheck: () => bans.check(client),
  });
  if (!isRight) {
    countFailure(session, username);
    throw new Refusal("unauthenticated", "Wrong user name or password");
  }
  session.live?.end();
  bans.succeed(client);
  const proof = services.users!.proofOf(username);
  session.identity = { name: username, via: "password", proof };
}

function countFailure(
  { remote, services }: ProxySession,
  username: string,
): void {
  const outcome = services.bans.fail(remote.hostname, username);
  for (const event of banEvents(outcome)) services.log(event);
}
