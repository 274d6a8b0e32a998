/**
 * A machine with public addresses, seen by its proxy and the proxy's clients:
 * the findings of a program in a network namespace of its own. It prints one
 * JSON object.
 *
 * @module
 */

import { parseParent } from "../../../lib/wire/parent_url.ts";
import { SOCKS5 } from "../../support/bind.ts";
import { exchange, join, readToEof } from "../../support/dialogue.ts";
import { startTestForward, upstreamAt } from "../../support/forward.ts";
import {
  connectRequest,
  GREETING,
  startTestProxy,
  type TestProxy,
} from "../../support/proxy.ts";
import { rulesOf } from "../../support/rules.ts";
import {
  closedPort,
  readExactly,
  startServer,
  within,
  writeAll,
} from "../../support/sockets.ts";
import { openAssociation, startUdp } from "../../support/udp.ts";

/** Assigned to `lo` by the starting test. */
export const INTERFACE = "198.41.0.4";

/** Part of a network that is routed to this machine; no interface has it. */
export const ROUTED = "198.41.1.7";

/** The same for IPv6. */
export const INTERFACE6 = "2a0a:1::4";

/** Findings by trial. */
export type Seen = Record<string, unknown>;

/** Public listeners, so that the guard is active. */
const PUBLIC = { listen: [{ host: "::", port: 0 }], open: true };

async function see(): Promise<Seen> {
  const seen: Seen = {};
  let told = 0;
  await using target = startServer(async (conn) => {
    told += await conn.read(new Uint8Array(64)) ?? 0;
  }, "::");
  await using udp = startUdp("0.0.0.0");
  await using proxy = await startTestProxy({ ...PUBLIC, sendProxy: "v1" });
  const { port } = target.addr;
  let count = 0;

  async function note(name: string, answer: unknown): Promise<void> {
    const ended = await within(5_000, proxy.whenEnded(++count));
    const { reason, rule, result } = ended[count - 1]!;
    seen[name] = [answer, result, rule, reason.split(";")[0]];
  }

  const forms = [
    INTERFACE,
    INTERFACE6,
    `::ffff:${INTERFACE}`,
    `64:ff9b::${INTERFACE}`,
    "2002:c629:4::1",
    ROUTED,
  ];
  for (const host of forms) {
    const request = join(GREETING, connectRequest(host, port));
    const answer = await exchange(proxy, request);
    await note(`connect ${host}`, answer[3]);
  }
  for (const host of [INTERFACE, ROUTED]) {
    const at = `${host}:${port}`;
    const get = `GET http://${at}/ HTTP/1.1\r\nHost: ${at}\r\n\r\n`;
    const answer = await exchange(proxy, new TextEncoder().encode(get));
    await note(`http ${host}`, new TextDecoder().decode(answer).slice(9, 12));
  }
  const refused = await exchange(proxy, SOCKS5.say(INTERFACE, port));
  await note(`bind ${INTERFACE}`, refused[3]);
  for (const host of [INTERFACE, ROUTED]) {
    await note(`arrival from ${host}`, await arrivals(host, proxy));
  }
  seen["udp"] = await datagramsTo(udp.addr.port, proxy);
  count++;
  seen["target was told"] = told;
  seen["rule"] = await reachByRule(port);
  seen["parent"] = await reachThrough(port);
  seen["ring"] = await comeBack();
  return seen;
}

/** Whether the proxy admits a peer from this machine's own address. */
async function arrivals(hostname: string, proxy: TestProxy): Promise<unknown> {
  const { port } = proxy.addr;
  using client = await Deno.connect({ hostname, port });
  await writeAll(client, SOCKS5.say("0.0.0.0", 1));
  await readExactly(client, 2);
  const bound = await SOCKS5.readBound(client);
  using peer = await Deno.connect({ hostname, port: bound.port });
  return await within(5_000, peer.read(new Uint8Array(1)));
}

/** Number of datagrams that return from a server on this machine. */
async function datagramsTo(
  port: number,
  proxy: TestProxy,
): Promise<unknown> {
  using association = await openAssociation(proxy);
  for (const hostname of [INTERFACE, `::ffff:${INTERFACE}`]) {
    await association.send(Uint8Array.of(1), { hostname, port });
  }
  association.control.close();
  const ended = await within(5_000, proxy.whenEnded(proxy.ended.length + 1));
  return ended.at(-1)!.datagrams;
}

/** A rule with the address lifts the guard, for both kinds. */
async function reachByRule(port: number): Promise<unknown> {
  const rules = { current: rulesOf("allow to 198.41.0.0/16") };
  await using proxy = await startTestProxy({ ...PUBLIC, rules });
  const answers: unknown[] = [];
  for (const host of [INTERFACE, ROUTED]) {
    using client = await proxy.connect();
    await writeAll(client, join(GREETING, connectRequest(host, port)));
    await readExactly(client, 2);
    answers.push((await readExactly(client, 2))[1]);
  }
  return answers;
}

/**
 * A parent on this machine is the operator's choice; the client's target is
 * not.
 */
async function reachThrough(port: number): Promise<unknown> {
  await using parent = await startTestProxy({
    listen: [{ host: INTERFACE, port: 0 }],
    open: true,
    allowPrivate: true,
  });
  const url = `socks5://${INTERFACE}:${parent.addr.port}`;
  const via = [[parseParent(url)]];
  await using proxy = await startTestProxy({ ...PUBLIC, parents: { via } });
  const answers: unknown[] = [];
  for (const host of [INTERFACE, `64:ff9b::${INTERFACE}`]) {
    const request = join(GREETING, connectRequest(host, port));
    answers.push((await exchange(proxy, request))[3]);
  }
  return [...answers, parent.ended.length];
}

/** A relay to an address without an interface that leads to itself. */
async function comeBack(): Promise<unknown> {
  const port = closedPort();
  const upstream = upstreamAt({ host: ROUTED, port });
  const listen = { host: "0.0.0.0", port };
  await using relay = await startTestForward([], {
    routes: [{ listen, upstreams: [upstream] }],
  });
  await Promise.all(Array.from({ length: 400 }, async () => {
    using client = await Deno.connect({ hostname: "127.0.0.1", port });
    await within(20_000, readToEof(client).catch(() => {}));
  }));
  await relay.relay.shutdown(10_000);
  const loops = relay.ended.filter(({ reason }) => reason.startsWith("loop: "));
  return [relay.ended.length, loops.length];
}

if (import.meta.main) {
  const text = JSON.stringify(await see());
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
