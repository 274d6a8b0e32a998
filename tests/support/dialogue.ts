/**
 * Byte-level dialogues with a proxy, and their expected results.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { toBytes } from "@std/streams";
import {
  connectRequest,
  GREETING,
  openTunnel,
  type TestProxy,
} from "./proxy.ts";
import {
  closedPort,
  readExactly,
  type TestServer,
  within,
  writeAll,
} from "./sockets.ts";

/** The bytes of one or several messages. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Whether this machine has `::1`. */
export const HAS_IPV6: boolean = hasIpv6();

/** The method reply of a proxy without users. */
export const NO_AUTHENTICATION = [5, 0] as const;

/** Joins messages. */
export function join(...parts: Iterable<number>[]): Bytes {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Bytes as text of hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  return bytes.toHex();
}

/** The only form of a refusal: ten bytes (RFC 1928 §6). */
export function refusal(reply: number): Bytes {
  return Uint8Array.of(5, reply, 0, 1, 0, 0, 0, 0, 0, 0);
}

/** A greeting that offers no authentication, and a CONNECT request. */
export function dialogue(host: string, port: number): Bytes {
  return join(GREETING, connectRequest(host, port));
}

/** A CONNECT request with a name of any bytes. */
export function nameRequest(
  name: string | Iterable<number>,
  port: number,
): Bytes {
  const bytes = typeof name === "string"
    ? new TextEncoder().encode(name)
    : Uint8Array.from(name);
  return join([5, 1, 0, 3, bytes.length], bytes, [port >> 8, port & 0xff]);
}

/** Credentials (RFC 1929 §2). */
export function credentials(
  name: string | Iterable<number>,
  password: string | Iterable<number>,
): Bytes {
  const [user, secret] = [name, password].map((text) =>
    typeof text === "string" ? new TextEncoder().encode(text) : [...text]
  );
  return join([1, user!.length], user!, [secret!.length], secret!);
}

/** Reads to a clean end of file. Unlike `readToEnd`, it fails on a reset. */
export async function readToEof(conn: Deno.Conn): Promise<Bytes> {
  const chunks: Bytes[] = [];
  const buffer = new Uint8Array(64 * 1024);
  while (true) {
    const count = await conn.read(buffer);
    if (count === null) break;
    chunks.push(buffer.slice(0, count));
  }
  return await toBytes(ReadableStream.from(chunks));
}

/**
 * Sends bytes on a new connection and reads until the proxy closes, which it
 * must do without the client's end of file.
 */
export async function exchange(
  proxy: TestProxy,
  bytes: Iterable<number>,
): Promise<Bytes> {
  using conn = await proxy.connect();
  await writeAll(conn, [...bytes]);
  return await within(5_000, readToEof(conn));
}

/** Fails unless the bytes are exactly the given messages. */
export function assertBytes(
  actual: Uint8Array,
  expected: Iterable<number>,
  about?: string,
): void {
  assertEquals(toHex(actual), toHex(Uint8Array.from(expected)), about);
}

/**
 * Fails unless the target serves a new client and has seen no other. An earlier
 * dial would have arrived first.
 */
export async function assertServedAlone(
  proxy: TestProxy,
  echo: TestServer,
): Promise<void> {
  await roundTrip(proxy, echo);
  assertEquals(echo.accepted, 1, "somebody else has dialled the target");
}

/**
 * Makes a whole tunnel and one echo. Afterwards the proxy has read everything
 * that was written to it before.
 */
export async function roundTrip(
  proxy: TestProxy,
  echo: { addr: { hostname: string; port: number } },
): Promise<void> {
  using conn = await within(5_000, openTunnel(proxy, echo.addr));
  await writeAll(conn, "ping");
  assertBytes(await within(5_000, readExactly(conn, 4)), [112, 105, 110, 103]);
}

/** Milliseconds between the first and between the last looks at a condition. */
const [SHORTEST, LONGEST] = [5, 50];

/**
 * Waits for a condition without an event, such as one of a system counter. It
 * looks less often the longer that takes: a look may cost more than the wait.
 *
 * @param milliseconds How long, also on a machine that is busy with other work
 *   (default 20,000).
 */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  milliseconds = 20_000,
): Promise<boolean> {
  const end = performance.now() + milliseconds;
  for (let pause = SHORTEST; !await condition(); pause *= 1.25) {
    if (performance.now() > end) return false;
    const time = Math.min(pause, LONGEST);
    await new Promise((resolve) => setTimeout(resolve, time));
  }
  return true;
}

/** Bytes that differ by position, so that a shift is noticed. */
export function pattern(length: number): Bytes {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let n = 0; n < words.length; n++) words[n] = Math.imul(n, 2654435761);
  return new Uint8Array(words.buffer, 0, length);
}

/** SHA-256 as hexadecimal text. */
export async function sha256(bytes: Bytes): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** A host on loopback that does not answer a SYN. */
export interface SilentHost extends Disposable {
  /** An address at which connecting waits for ever. */
  readonly addr: Deno.NetAddr;
}

/**
 * Creates a host that does not answer: a listener with a full backlog that
 * accepts nothing, so that the system drops further SYNs.
 *
 * @param hostname Address of the host.
 * @returns The host; `undefined` if the system answers anyway.
 */
export async function startSilentHost(
  hostname = "127.0.0.1",
): Promise<SilentHost | undefined> {
  // A port that nobody gets by chance, so that other addresses can have it too.
  const port = closedPort();
  const listener = Deno.listen({ hostname, port, tcpBacklog: 1 });
  const { addr } = listener;
  const waiting: Deno.TcpConn[] = [];
  const host = {
    addr,
    [Symbol.dispose]() {
      for (const conn of waiting) conn.close();
      listener.close();
    },
  };
  // A busy machine may be late once.
  for (let silences = 0; silences < 2;) {
    const conn = await connectWithin(200, addr);
    if (conn === undefined) {
      silences++;
      continue;
    }
    silences = 0;
    waiting.push(conn);
    if (waiting.length < 16) continue;
    host[Symbol.dispose]();
    return undefined;
  }
  return host;
}

/** Connects; returns `undefined` if that fails or takes longer. */
async function connectWithin(
  milliseconds: number,
  { hostname, port }: Deno.NetAddr,
): Promise<Deno.TcpConn | undefined> {
  try {
    const signal = AbortSignal.timeout(milliseconds);
    return await Deno.connect({ hostname, port, signal });
  } catch {
    return undefined;
  }
}

function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}
