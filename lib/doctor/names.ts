/**
 * The doctor's findings about name resolution.
 *
 * @module
 */

import { describeError } from "../observe/describe_error.ts";
import type { NameServer } from "../net/names/dns_client.ts";
import { DnsNames } from "../net/names/dns_names.ts";
import { onlyFamily } from "../net/names/family_preference.ts";
import type { NameAnswer, NameSource } from "../net/names/answer.ts";
import { SystemNames } from "../net/names/system_names.ts";
import { Context } from "../sync/context.ts";
import { formatHostPort } from "../wire/host_port.ts";
import type { Finding } from "./finding.ts";
import { readSystemFile } from "../net/system/system_file.ts";

/** Milliseconds to wait for an answer. */
const PATIENCE = 2_000;

/**
 * Above this many milliseconds, users notice the first connection to a host.
 */
const SLOW = 500;

/**
 * No name under `.invalid` exists; a resolver that answers lies (RFC 6761
 * §6.4).
 */
const NOWHERE = "sluice-doctor.invalid";

/**
 * Looks up two names: one that every machine knows, and one that does not
 * exist.
 *
 * @param servers Name servers; empty for the system's resolver.
 */
export async function examineNames(
  servers: readonly NameServer[],
): Promise<Finding[]> {
  const source = servers.length === 0
    ? new SystemNames()
    : new DnsNames(servers, { family: onlyFamily("system") });
  const who = servers.length === 0 ? systemServers() : servers
    .map(({ ip, port }) => formatHostPort(ip, port)).join(", ");
  // A name server need not know localhost, and Sluice does not ask it.
  const own = servers.length === 0 ? [await localhost(source)] : [];
  return [...own, await nowhere(source, who)];
}

async function localhost(source: NameSource): Promise<Finding> {
  const check = "localhost";
  const remedy =
    "Sluice does not need it; for other programs, add 127.0.0.1 localhost to /etc/hosts";
  try {
    const { answer } = await ask(source, "localhost");
    if (answer.exists) {
      return { level: "ok", check, message: "resolves" };
    }
    return { level: "note", check, message: "does not exist", remedy };
  } catch (error) {
    const message = describeError(error);
    return { level: "note", check, message, remedy };
  }
}

async function nowhere(source: NameSource, who: string): Promise<Finding> {
  const check = "resolver";
  const remedy = "check the name server, or choose one with --dns";
  try {
    const { answer, took } = await ask(source, NOWHERE);
    if (answer.exists) {
      const message =
        `${who}: it makes up addresses for names that do not exist`;
      return { level: "warning", check, message, remedy };
    }
    const message = `${who}: an answer in ${took} ms`;
    if (took <= SLOW) return { level: "ok", check, message };
    return { level: "warning", check, message: `${message}, slow`, remedy };
  } catch (error) {
    const message = `${who}: ${describeError(error)}`;
    return { level: "warning", check, message, remedy };
  }
}

interface Answered {
  answer: NameAnswer;
  /** Duration in milliseconds. */
  took: number;
}

async function ask(source: NameSource, name: string): Promise<Answered> {
  const context = new Context();
  context.cancelAfter(PATIENCE, `Time for ${name}`);
  const begun = performance.now();
  try {
    const answer = await source.lookup(name, context);
    return { answer, took: Math.round(performance.now() - begun) };
  } finally {
    context.cancel(new Error("Time was taken"));
  }
}

function systemServers(): string {
  try {
    const text = readSystemFile("/etc/resolv.conf");
    const servers = [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)]
      .map(([, server]) => server);
    if (servers.length > 0) return `the system's, ${servers.join(", ")}`;
  } catch {
    // Other systems keep it elsewhere, and it may be unreadable.
  }
  return "the system's";
}
