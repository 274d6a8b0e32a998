/**
 * Compares the name that a client shows in a tunnel with the requested one.
 *
 * @module
 */

import { DialError } from "../../net/dial_error.ts";
import { specialRanges } from "../../policy/rules/address_guard.ts";
import type { Verdict } from "../../policy/rules/rules.ts";
import type { AskedTunnel, ProxySession } from "../../serve/proxy_services.ts";
import { type Host, plainName } from "../../wire/host_name.ts";
import { formatIpAddress, type IpAddress } from "../../wire/ip_address.ts";
import { isSameAddress } from "../../wire/ip_mapped.ts";
import { isInRange } from "../../wire/ip_range.ts";

const LOOPBACK = specialRanges("loopback")!;

/** Where the name was, in words. */
export type ShownIn = "the server name" | "Host";

/**
 * Judges a name. It must equal the requested name. If the client requested an
 * address, the rules must allow the name, and the name must resolve to that
 * address. At a port with a fixed target, `localhost` and loopback addresses
 * are allowed too, and any name if the target is an address.
 *
 * @param session The client, whose record receives the name.
 * @param tunnel Its request.
 * @param shown The name, or an address instead.
 * @returns A verdict that denies; `undefined` if the name fits.
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
 * Creates the verdict for a mismatch.
 *
 * @param state The mismatch, in words.
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
 * A client of a fixed port may use that port's own name. If the operator gave
 * the target as an address, its names are unknown.
 */
function fitsFixed({ host }: AskedTunnel, shown: Host): boolean {
  if (typeof host !== "string") return true;
  if (typeof shown === "string") return plainName(shown) === "localhost";
  return LOOPBACK.some((range) => isInRange(range, shown));
}

/** The rules' denial of the name, as if it had been requested. */
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

/** Checks with Sluice's own resolver that the name has the address. */
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
