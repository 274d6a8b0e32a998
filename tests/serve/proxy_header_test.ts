import { assert, assertEquals } from "@std/assert";
import {
  PROXY_VERSIONS,
  type ProxyVersion,
} from "../../lib/serve/proxy_header.ts";
import { formatIpAddress, parseIpAddress } from "../../lib/wire/ip_address.ts";
import { formatHostPort } from "../../lib/wire/host_port.ts";
import { parseIpRange } from "../../lib/wire/ip_range.ts";
import { parse } from "../../lib/wire/parser.ts";
import type { ProxyEndpoints } from "../../lib/wire/proxy/endpoints.ts";
import { parseProxyHeader } from "../../lib/wire/proxy/header.ts";
import { encodeProxyV1 } from "../../lib/wire/proxy/v1.ts";
import { encodeProxyV2 } from "../../lib/wire/proxy/v2.ts";
import { dialogue, join, readToEof } from "../support/dialogue.ts";
import { startTestForward, upstreamAt } from "../support/forward.ts";
import { makeFolder } from "../support/programs.ts";
import { startTestProxy } from "../support/proxy.ts";
import { startServer, within, writeAll } from "../support/sockets.ts";

const ACCEPT = { isRequired: false, from: [parseIpRange("127.0.0.0/8")] };

/** What a client without a header is told for. */
const NOTHING = new Uint8Array();

/** Who announces the client, and how it says what. */
type Told = (source: Deno.NetAddr, listener: Deno.NetAddr) => string;

function ends(
  source: string,
  destination: string,
  ports: [number, number],
): ProxyEndpoints {
  return {
    source: { ip: parseIpAddress(source)!, port: ports[0] },
    destination: { ip: parseIpAddress(destination)!, port: ports[1] },
  };
}

const IPV4 = ends("192.0.2.7", "198.51.100.1", [4711, 443]);
const IPV6 = ends("2001:db8::7", "2001:db8::1", [4711, 443]);
const MIXED = ends("::ffff:192.0.2.7", "2001:db8::1", [4711, 443]);

const itself: Told = (source, listener) =>
  `${source.hostname}:${source.port} ${listener.hostname}:${listener.port}`;

/** What comes in front of a client, and what the target has to be told. */
const CASES: [name: string, header: Uint8Array, told: Told][] = [
  ["nobody announces it", NOTHING, itself],
  ["v1", encodeProxyV1(IPV4), () => "192.0.2.7:4711 198.51.100.1:443"],
  ["v2", encodeProxyV2(IPV4), () => "192.0.2.7:4711 198.51.100.1:443"],
  [
    "v2 with IPv6",
    encodeProxyV2(IPV6),
    () => "[2001:db8::7]:4711 [2001:db8::1]:443",
  ],
  [
    "v1 with one mapped address",
    encodeProxyV1(MIXED),
    () => "[::ffff:192.0.2.7]:4711 [2001:db8::1]:443",
  ],
  ["v1 UNKNOWN", encodeProxyV1(undefined), itself],
  ["v2 LOCAL", encodeProxyV2(undefined), itself],
];

/** A target that keeps what it was sent, and closes then. */
function startKeeper() {
  const sent: Uint8Array[] = [];
  const server = startServer(async (conn) => {
    sent.push(await readToEof(conn));
  });
  return Object.assign(server, { last: () => sent.pop()! });
}

function describe(bytes: Uint8Array, version: ProxyVersion): string {
  const isText = bytes[0] === "P".charCodeAt(0);
  assertEquals(isText, version === "v1");
  const length = isText
    ? bytes.indexOf(10) + 1
    : 16 + (bytes[14]! << 8 | bytes[15]!);
  const header = parse(parseProxyHeader(), bytes.subarray(0, length));
  assert("endpoints" in header);
  const { endpoints } = header;
  if (endpoints === undefined) return "nothing";
  return [endpoints.source, endpoints.destination]
    .map(({ ip, port }) => formatHostPort(formatIpAddress(ip), port))
    .join(" ");
}

for (const version of PROXY_VERSIONS) {
  for (const [name, header, told] of CASES) {
    Deno.test(`encodeProxyHeader() passes on by ${version} whom the client has connected to: ${name}`, async () => {
      await using keeper = startKeeper();
      const { hostname, port } = keeper.addr;
      const config = { acceptProxy: ACCEPT, sendProxy: version };
      await using forward = await startTestForward(
        [upstreamAt(keeper.addr)],
        config,
      );
      await using proxy = await startTestProxy(config);
      for (const server of [forward, proxy]) {
        using conn = await server.connect();
        const asked = server === proxy ? dialogue(hostname, port) : [1];
        await writeAll(conn, join(header, asked));
        await conn.closeWrite();
        await within(10_000, readToEof(conn));
        const expected = told(conn.localAddr as Deno.NetAddr, server.addr);
        assertEquals(describe(keeper.last(), version), expected);
      }
    });
  }

  Deno.test(`encodeProxyHeader() tells by ${version} who comes by a Unix socket where that is announced`, async () => {
    await using folder = await makeFolder();
    await using keeper = startKeeper();
    const path = `${folder.path}/s`;
    await using _relay = await startTestForward([], {
      routes: [{ listen: { path }, upstreams: [upstreamAt(keeper.addr)] }],
      acceptProxy: ACCEPT,
      sendProxy: version,
    });
    const cases: [Uint8Array, string][] = [
      [encodeProxyV2(IPV4), "192.0.2.7:4711 198.51.100.1:443"],
      [NOTHING, "nothing"],
    ];
    for (const [header, expected] of cases) {
      using conn = await Deno.connect({ transport: "unix", path });
      await writeAll(conn, join(header, [1]));
      await conn.closeWrite();
      await within(10_000, readToEof(conn));
      assertEquals(describe(keeper.last(), version), expected);
    }
  });
}
