/**
 * Attempts to make the proxy reach forbidden targets.
 *
 * @module
 */

import type { Escapes, Targets } from "./escapes.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Sends byte sequences to the proxy in order; returns the last answer. */
async function say(
  { proxy }: Targets,
  ...parts: (string | readonly number[])[]
): Promise<string> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: proxy });
  let heard = "";
  for (const part of parts) {
    const bytes = typeof part === "string"
      ? encoder.encode(part)
      : Uint8Array.from(part);
    await conn.write(bytes);
    const buffer = new Uint8Array(4_096);
    const count = await conn.read(buffer);
    heard += decoder.decode(buffer.subarray(0, count ?? 0));
  }
  conn.close();
  return heard;
}

/** Any answer proves that the target was reached. */
function reached(heard: string): string | undefined {
  return /REACHED/.exec(heard)?.[0];
}

async function connect(
  targets: Targets,
  host: string,
  port = targets.tcp,
): Promise<string | undefined> {
  const request = `CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const heard = await say(targets, request, "hello\n");
  return reached(heard);
}

async function get(
  targets: Targets,
  url: string,
  host = "x",
): Promise<string | undefined> {
  const head = `GET ${url} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n`;
  return reached(await say(targets, `${head}\r\n`));
}

/** SOCKS5 without a login, to an address or a name and a port. */
async function socks5(
  targets: Targets,
  command: number,
  address: readonly number[],
): Promise<string> {
  const { tcp } = targets;
  const port = [tcp >> 8, tcp & 255];
  return await say(
    targets,
    [5, 1, 0],
    [5, command, 0, ...address, ...port],
    "hello\n",
  );
}

function named(name: string): number[] {
  const bytes = encoder.encode(name);
  return [3, bytes.length, ...bytes];
}

const LOOPBACK = [127, 0, 0, 1];

/** Spellings of this machine's addresses. */
const SPELLINGS = [
  "127.0.0.1",
  "127.1",
  "127.0.1",
  "2130706433",
  "0x7f000001",
  "0x7f.0.0.1",
  "0177.0.0.1",
  "017700000001",
  "0",
  "0.0.0.0",
  "127.0.0.1.",
  "localhost",
  "LOCALHOST.",
  "a.localhost",
  "ip6-localhost",
  "[::1]",
  "[::]",
  "[0:0:0:0:0:0:0:1]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[::127.0.0.1]",
  "[64:ff9b::7f00:1]",
  "[2002:7f00:1::]",
  "１２７.0.0.1",
];

/** Attempts through the proxy. */
export const PROXY_ESCAPES: Escapes = {
  ...Object.fromEntries(
    SPELLINGS.map((host) => [
      `CONNECT ${host}`,
      (targets: Targets) => connect(targets, host),
    ]),
  ),
  "CONNECT own addresses": async (targets) => {
    const { own } = targets;
    const hosts = own.map((ip) => ip.includes(":") ? `[${ip}]` : ip);
    const all = await Promise.all(hosts.map((host) => connect(targets, host)));
    return all.find(Boolean);
  },
  "CONNECT the host's name": (targets) => connect(targets, Deno.hostname()),
  "CONNECT the metadata address": async (targets) => {
    const heard = await say(
      targets,
      "CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    );
    return / 200 /.test(heard) ? heard : undefined;
  },
  "CONNECT a denied name": (targets) =>
    connect(targets, targets.denied.split(":")[0]!),
  "CONNECT another port of the allowed host": (targets) =>
    connect(targets, targets.allowed.split(":")[0]!),
  "CONNECT the allowed name as a user": (targets) =>
    connect(targets, `${targets.allowed}@127.0.0.1`),
  "CONNECT with the allowed Host": async (targets) => {
    const { allowed, tcp } = targets;
    const head = `CONNECT 127.0.0.1:${tcp} HTTP/1.1\r\nHost: ${allowed}\r\n`;
    return reached(await say(targets, `${head}\r\n`, "hello\n"));
  },
  "CONNECT with a zero in the name": (targets) =>
    connect(targets, `127.0.0.1\0.${targets.allowed.split(":")[0]}`),
  "CONNECT with a line feed in the name": (targets) =>
    connect(targets, `127.0.0.1\n.${targets.allowed.split(":")[0]}`),
  "CONNECT inside CONNECT": async (targets) => {
    const { allowed, tcp } = targets;
    const inner = `CONNECT 127.0.0.1:${tcp} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const outer = `CONNECT ${allowed} HTTP/1.1\r\nHost: x\r\n\r\n`;
    return reached(await say(targets, outer, inner, "hello\n"));
  },
  "CONNECT behind a refused CONNECT": async (targets) => {
    const { allowed, denied, tcp } = targets;
    const refused = `CONNECT ${denied} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const next =
      `CONNECT 127.0.0.1:${tcp} HTTP/1.1\r\nHost: ${allowed}\r\n\r\n`;
    return reached(await say(targets, refused + next, "hello\n"));
  },
  "CONNECT the proxy itself": async (targets) => {
    const { proxy, tcp } = targets;
    const outer = `CONNECT 127.0.0.1:${proxy} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const inner = `CONNECT 127.0.0.1:${tcp} HTTP/1.1\r\nHost: x\r\n\r\n`;
    return reached(await say(targets, outer, inner, "hello\n"));
  },
  "CONNECT a Sluice outside": async (targets) => {
    const { sluice, tcp } = targets;
    const outer = `CONNECT 127.0.0.1:${sluice} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const inner = `CONNECT 127.0.0.1:${tcp} HTTP/1.1\r\nHost: x\r\n\r\n`;
    return reached(await say(targets, outer, inner, "hello\n"));
  },
  "CONNECT Sluice's admin": async (targets) => {
    const heard = await say(
      targets,
      `CONNECT 127.0.0.1:${targets.admin} HTTP/1.1\r\nHost: x\r\n\r\n`,
    );
    return / 200 /.test(heard) ? heard : undefined;
  },
  "GET a denied name": (targets) => get(targets, `http://${targets.denied}/`),
  "GET a denied name with the allowed Host": (targets) =>
    get(targets, `http://${targets.denied}/`, targets.allowed),
  "GET the allowed name with a denied Host": async (targets) => {
    const { allowed, denied } = targets;
    const head = `GET http://${allowed}/ HTTP/1.1\r\nHost: ${denied}\r\n`;
    return reached(await say(targets, `${head}Connection: close\r\n\r\n`));
  },
  "GET with a user of the allowed name": (targets) =>
    get(targets, `http://${targets.allowed}@${targets.denied}/`),
  "GET with a backslash": (targets) =>
    get(targets, `http://${targets.denied}\\@${targets.allowed}/`),
  "GET in the way of a server": (targets) => get(targets, "/", targets.denied),
  "GET a second request": async (targets) => {
    const { allowed, denied } = targets;
    const first = `GET http://${allowed}/ HTTP/1.1\r\nHost: ${allowed}\r\n\r\n`;
    const second = `GET http://${denied}/ HTTP/1.1\r\nHost: ${denied}\r\n\r\n`;
    return reached(await say(targets, first, second));
  },
  "follow a redirect": async ({ allowed, proxy }) => {
    using client = Deno.createHttpClient({
      proxy: { url: `http://127.0.0.1:${proxy}` },
    });
    const answer = await fetch(`http://${allowed}/redirect`, { client });
    return reached(await answer.text());
  },
  "SOCKS5 an address": async (targets) =>
    reached(await socks5(targets, 1, [1, ...LOOPBACK])),
  "SOCKS5 a mapped address": async (targets) =>
    reached(
      await socks5(targets, 1, [
        ...[4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255],
        ...LOOPBACK,
      ]),
    ),
  "SOCKS5 a name": async (targets) =>
    reached(await socks5(targets, 1, named("localhost"))),
  "SOCKS5 an address as a name": async (targets) =>
    reached(await socks5(targets, 1, named("127.0.0.1"))),
  "SOCKS5 BIND": async (targets) => {
    const heard = await socks5(targets, 2, [1, ...LOOPBACK]);
    return heard.startsWith("\x05\0\x05\0") ? "a port" : undefined;
  },
  "SOCKS5 UDP ASSOCIATE": async (targets) => {
    const heard = await socks5(targets, 3, [1, 0, 0, 0, 0]);
    return heard.startsWith("\x05\0\x05\0") ? "an association" : undefined;
  },
  "SOCKS4 an address": async (targets) => {
    const { tcp } = targets;
    const request = [4, 1, tcp >> 8, tcp & 255, ...LOOPBACK, 0];
    return reached(await say(targets, request, "hello\n"));
  },
  "SOCKS4a a name": async (targets) => {
    const { tcp } = targets;
    const name = [...encoder.encode("localhost"), 0];
    const request = [4, 1, tcp >> 8, tcp & 255, 0, 0, 0, 1, 0, ...name];
    return reached(await say(targets, request, "hello\n"));
  },
};
