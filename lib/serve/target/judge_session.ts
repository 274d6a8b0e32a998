/**
 * Decides whether an open connection would still be allowed.
 *
 * @module
 */

import type { RuleBook } from "../../policy/rules/rules.ts";
import type { Identity } from "../../policy/users/identity.ts";
import type { Users } from "../../policy/users/users.ts";
import type {
  JudgedSession,
  JudgeSession,
  Revocation,
} from "./open_sessions.ts";
import type { ListenerTls } from "../tls/over_tls.ts";

/** The access settings in force. */
export interface AccessInForce {
  /** The rules. */
  readonly rules: RuleBook;
  /** The users; `undefined` means everyone. */
  readonly users: Users | undefined;
  /** TLS of the listeners; `undefined` for none. */
  readonly tls: ListenerTls | undefined;
}

/**
 * Judges connections by the settings in force at that time.
 *
 * @param access The settings, whose parts are replaced on a change.
 * @returns A function that judges one connection.
 */
export function judgeBy(access: AccessInForce): JudgeSession {
  const { rules, tls, users } = access;
  return (session) => {
    const { identity, permit } = session;
    const certificates = identity?.certificates;
    if (certificates !== undefined && tls?.verifyAgain !== undefined) {
      return verifyAgain(session, tls.verifyAgain(certificates));
    }
    // A client without a request yet still has to log in.
    const isIn = permit !== undefined || identity !== undefined;
    const fault = isIn ? userFault(users, identity) : undefined;
    return fault ?? byRules(session);
  };

  async function verifyAgain(
    session: JudgedSession,
    verifying: Promise<void>,
  ): Promise<Revocation | undefined> {
    try {
      await verifying;
    } catch (error) {
      return { reason: (error as Error).message };
    }
    return byRules(session);
  }

  function byRules({ permit }: JudgedSession): Revocation | undefined {
    const verdict = permit?.judge(rules.current);
    return verdict?.isAllowed === false ? verdict : undefined;
  }
}

function userFault(
  users: Users | undefined,
  identity: Identity | undefined,
): Revocation | undefined {
  if (users === undefined) return undefined;
  if (identity?.via !== "password") {
    return { reason: "clients have to log in now" };
  }
  const proof = users.proofOf(identity.name);
  if (proof === undefined) return { reason: "the user is gone" };
  if (proof === identity.proof) return undefined;
  return { reason: "the user has another password" };
}
