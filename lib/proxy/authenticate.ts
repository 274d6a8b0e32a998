/**
 * Authenticates clients: the one place that checks credentials, for every
 * protocol.
 *
 * @module
 */

import { clientKey } from "../policy/limits/client_key.ts";
import { Refusal } from "../policy/limits/refusal.ts";
import { banEvents } from "../serve/limits/ban_events.ts";
import type { ProxySession } from "../serve/proxy_services.ts";
import type { Credentials } from "../wire/credentials.ts";

/**
 * Tells whether a client must log in: one with a certificate need not.
 *
 * @param session The client.
 * @returns Whether it must send a user name and password.
 */
export function mustLogIn({ identity, services }: ProxySession): boolean {
  return services.users !== undefined && identity?.via !== "certificate";
}

/**
 * Checks credentials, and stores the user in the record and the session.
 *
 * @param session A client of a listener with users.
 * @param credentials What it has sent.
 * @throws {Refusal} `unauthenticated` if they are wrong; `banned` after too
 *   many failures; `limit reached` if too many checks are pending.
 */
export async function authenticate(
  session: ProxySession,
  { username, password }: Credentials,
): Promise<void> {
  const { record, remote, services } = session;
  const { bans } = services;
  const client = remote.hostname;
  record.user = username;
  session.live?.begin("auth");
  bans.check(client);
  const isRight = await services.users!.verify(username, password, {
    client: clientKey(client),
    // The client may have been banned for other attempts while this one waited.
    beforeCheck: () => bans.check(client),
  });
  if (!isRight) {
    const outcome = bans.fail(client, username);
    for (const event of banEvents(outcome)) services.log(event);
    throw new Refusal("unauthenticated", "Wrong user name or password");
  }
  session.live?.end();
  bans.succeed(client);
  const proof = services.users!.proofOf(username);
  session.identity = { name: username, via: "password", proof };
}
