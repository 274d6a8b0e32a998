/**
 * Whether the name that a client shows in a tunnel is the one it has asked for.
 *
 * @module
 */

import { DialError } from "../../net/dial_error.ts";
import { specialRanges } from "../../policy/rules/address_guard.ts";
import type { Verdict } from "../../policy/rules/rules.ts";
import type { AskedTunnel, ProxySession } from "../../serve/services.ts";
import { type Host, plainName } from "../../wire/host_name.ts";
import { formatIpAddress, type IpAddress } from "../../wire/ip_address.ts";
import { isSameAddress } from "../../wire/ip_mapped.ts";
import { isInRange } from "../../wire/ip_range.ts";

const LOOPBACK = specialRanges("loopback")!;

/** Where a name was shown, in words. */
export type ShownIn = "the server name" | "Host";

/**
 * Judges a name. It has to be the one that was asked for. If an address was
 * asked for, the rules have to allow the name, and the address has to be one of
 * those that the name resolves to. At a port with a fixed target a client may
 * also show `localhost` or a loopback address, and if that target is an
 * address, any name.
 *
 * @param session The client; its record gets the name.
 * @param tunnel What it has asked for.
 * @param shown The name, or an address in its place.
 * @param where Where it was shown.
 * @returns What is to be refused; `undefined` if nothing is.
 */
export async function judgeName(
  session: ProxySession,
  tunnel: AskedTunnel,
  shown: Host,
  where: ShownIn,
): Promise<Verdict | undefined> {
  const { host } = tunnel;
  const text = textOf(shown);
  session.record.name = text;
  const isSame = typeof host === "string"
    ? text === textOf(host)
    : typeof shown !== "string" && isSameAddress(shown, host);
  if (isSame || tunnel.isFixed && fitsFixed(tunnel, shown)) return undefined;
  if (typeof host === "string" || typeof shown !== "string") {
    return mismatch(
      `${where} is ${text}, but ${textOf(host)} was asked for`,
    );
  }
  return denied(tunnel, text, host) ??
    await unresolved(session, { name: text, address: host, where });
}

/**
 * Makes what is refused because of a name.
 *
 * @param state What is wrong, in words.
 * @returns A verdict that denies.
 */
export function mismatch(state: string): Verdict {
  return {
    isAllowed: false,
    isMismatch: true,
    rule: "name-mismatch",
    reason: `name-mismatch: ${state}`,
  };
}

/**
 * A client of a fixed port knows the port's own address. If the operator gave
 * the target as an address, nobody knows its names.
 */
function fitsFixed({ host }: AskedTunnel, shown: Host): boolean {
  if (typeof host !== "string") return true;
  if (typeof shown === "string") return plainName(shown) === "localhost";
  return LOOPBACK.some((range) => isInRange(range, shown));
}

/** What the rules say of the name, had it been asked for. */
function denied(
  { decideAs, opened: { verdict } }: AskedTunnel,
  name: string,
  address: IpAddress,
): Verdict | undefined {
  const asked = decideAs(name, undefined) ?? decideAs(name, address)!;
  const answer = asked.isAllowed ? decideAs(name, address)! : asked;
  if (!answer.isAllowed) {
    return { ...answer, reason: `${answer.reason} (it shows ${name})` };
  }
  if (answer.via === verdict.via) return undefined;
  return mismatch(
    `rule ${answer.rule} sends ${name} another way than ${
      formatIpAddress(address)
    }, which was asked for`,
  );
}

/** A wait for Sluice's own resolver, never for the client's word. */
async function unresolved(
  { context, services }: ProxySession,
  { name, address, where }: {
    name: string;
    address: IpAddress;
    where: ShownIn;
  },
): Promise<Verdict | undefined> {
  const asked = formatIpAddress(address);
  try {
    const { addresses, late } = await services.resolver.find(name, context);
    const isThere = (list: readonly IpAddress[]) =>
      list.some((ip) => isSameAddress(ip, address));
    if (isThere(addresses) || isThere(await late ?? [])) return undefined;
  } catch (error) {
    if (!(error instanceof DialError)) throw error;
    return mismatch(
      `${where} is ${name}, but ${asked} was asked for: ${error.message}`,
    );
  }
  return mismatch(
    `${where} is ${name}, which does not resolve to ${asked}, which was asked for`,
  );
}

function textOf(host: Host): string {
  return typeof host === "string" ? plainName(host) : formatIpAddress(host);
}
