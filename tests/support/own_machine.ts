/**
 * A machine with public addresses, as its proxy and the proxy's clients see it:
 * what a program finds out in a network of its own. It prints one JSON object.
 *
 * @module
 */

import { parseParent } from "../../lib/wire/parent_url.ts";
import { SOCKS5 } from "./bind.ts";
import { exchange, join } from "./dialogue.ts";
import {
  connectRequest,
  GREETING,
  startTestProxy,
  type TestProxy,
} from "./proxy.ts";
import { rulesOf } from "./rules.ts";
import { readExactly, startServer, within, writeAll } from "./sockets.ts";
import { openAssociation, startUdp } from "./udp.ts";

/** Given to `lo` by whoever has started this. */
export const INTERFACE = "198.41.0.4";

/** Of a network that is routed to this machine; no interface has it. */
export const ROUTED = "198.41.1.7";

/** As {@linkcode INTERFACE}, of IPv6. */
export const INTERFACE6 = "2a0a:1::4";

/** What was found, by what was tried. */
export type Seen = Record<string, unknown>;

/** Listeners that others can reach, so that there is a guard. */
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
  return seen;
}

/** Whether a peer from this machine's own address is let in. */
async function arrivals(hostname: string, proxy: TestProxy): Promise<unknown> {
  const { port } = proxy.addr;
  using client = await Deno.connect({ hostname, port });
  await writeAll(client, SOCKS5.say("0.0.0.0", 1));
  await readExactly(client, 2);
  const bound = await SOCKS5.readBound(client);
  using peer = await Deno.connect({ hostname, port: bound.port });
  return await within(5_000, peer.read(new Uint8Array(1)));
}

/** How many datagrams come back from a server on this machine. */
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

/** A rule that names the address lifts the guard, for both kinds. */
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

/** A parent on this machine is the operator's; what is asked of it is not. */
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

if (import.meta.main) {
  const text = JSON.stringify(await see());
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
