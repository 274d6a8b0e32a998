/**
 * The load of the benchmark and of the soak without a C compiler. It has the
 * same commands and output as `load.c`, which describes them. It uses more
 * processor time than the fastest servers, so their figures are too low with
 * it.
 *
 * @module
 */

import { TextLineStream } from "@std/streams";

const BLOCK = 256 * 1024;
const MESSAGE = new Uint8Array(64).fill("x".charCodeAt(0));

/** Nothing listens on this port. */
const CLOSED_PORT = 1;

/** Tells the sink to send. */
const SEND = new TextEncoder().encode("S");

/** Destination of the load; both ports are on 127.0.0.1. */
interface Way {
  isSocks: boolean;
  port: number;
  target: number;
}

/** Results of clients. */
interface Sum {
  done: number;
  failed: number;
  /** Duration of each success in microseconds. */
  times: number[];
}

async function readExactly(conn: Deno.Conn, buffer: Uint8Array): Promise<void> {
  for (let count = 0; count < buffer.length;) {
    const more = await conn.read(buffer.subarray(count));
    if (more === null) throw new Error(`End after ${count} bytes`);
    count += more;
  }
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let count = 0; count < bytes.length;) {
    count += await conn.write(bytes.subarray(count));
  }
}

async function connect(port: number): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  conn.setNoDelay(true);
  return conn;
}

/** Asks a SOCKS5 proxy for a port (RFC 1928); returns REP. */
async function askSocks(conn: Deno.Conn, port: number): Promise<number> {
  const reply = new Uint8Array(10);
  await writeAll(conn, new Uint8Array([5, 1, 0]));
  await readExactly(conn, reply.subarray(0, 2));
  const request = [5, 1, 0, 1, 127, 0, 0, 1, port >> 8, port & 0xff];
  await writeAll(conn, new Uint8Array(request));
  await readExactly(conn, reply);
  return reply[1]!;
}

/** Asks an HTTP proxy for a port. Its response has no body. */
async function askHttp(conn: Deno.Conn, port: number): Promise<void> {
  const host = `127.0.0.1:${port}`;
  const text = `CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  await writeAll(conn, new TextEncoder().encode(text));
  const byte = new Uint8Array(1);
  let answer = "";
  while (!answer.endsWith("\r\n\r\n")) {
    await readExactly(conn, byte);
    answer += String.fromCharCode(byte[0]!);
  }
  if (!/^HTTP\/1\.1 200/.test(answer)) throw new Error(answer);
}

async function open({ isSocks, port, target }: Way): Promise<Deno.TcpConn> {
  const conn = await connect(port);
  try {
    const reply = isSocks ? await askSocks(conn, target) : 0;
    if (reply !== 0) throw new Error(`Refused with ${reply}`);
    return conn;
  } catch (error) {
    conn.close();
    throw error;
  }
}

async function echoOnce(conn: Deno.Conn): Promise<void> {
  const answer = new Uint8Array(MESSAGE.length);
  await writeAll(conn, MESSAGE);
  await readExactly(conn, answer);
}

/** Half-closes, and waits for the other side's end. */
async function endInOrder(conn: Deno.TcpConn): Promise<void> {
  await conn.closeWrite();
  if (await conn.read(new Uint8Array(1)) !== null) throw new Error("No end");
}

/** Runs clients that repeat one action as long as `goesOn` allows. */
async function runClients(
  count: number,
  goesOn: () => boolean,
  once: () => Promise<unknown>,
): Promise<Sum> {
  const sum: Sum = { done: 0, failed: 0, times: [] };

  async function client(): Promise<void> {
    while (goesOn()) {
      const begun = performance.now();
      try {
        await once();
        sum.times.push((performance.now() - begun) * 1000);
        sum.done++;
      } catch {
        sum.failed++;
      }
    }
  }

  await Promise.all(Array.from({ length: count }, client));
  return sum;
}

function print(value: unknown): void {
  const line = JSON.stringify(value) + "\n";
  Deno.stdout.writeSync(new TextEncoder().encode(line));
}

/** Prints the results since a start time, with percentiles of the durations. */
function printSum({ done, failed, times }: Sum, begun: number): void {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(done * share)] ?? -1;
  const seconds = (performance.now() - begun) / 1000;
  print({ done, failed, seconds, p50: at(0.5), p99: at(0.99) });
}

async function rate(way: Way, clients: string, seconds: string) {
  const begun = performance.now();
  const end = begun + Number(seconds) * 1000;
  const goesOn = () => performance.now() < end;
  const sum = await runClients(Number(clients), goesOn, async () => {
    using conn = await open(way);
    await echoOnce(conn);
  });
  printSum(sum, begun);
}

async function echo(way: Way, count: string) {
  const begun = performance.now();
  using conn = await open(way);
  for (let i = 0; i < Number(count) / 10; i++) await echoOnce(conn);
  let left = Number(count);
  printSum(await runClients(1, () => left-- > 0, () => echoOnce(conn)), begun);
}

async function bulk(
  way: Way,
  streams: string,
  seconds: string,
  direction: string,
) {
  const isDown = direction === "down";
  const begun = performance.now();
  const end = begun + Number(seconds) * 1000;
  const sum: Sum = { done: 0, failed: 0, times: [] };

  async function stream(): Promise<void> {
    using conn = await open(way);
    const buffer = new Uint8Array(BLOCK);
    if (isDown) await writeAll(conn, SEND);
    while (performance.now() < end) {
      const count = isDown ? await conn.read(buffer) : await conn.write(buffer);
      if (count === null) throw new Error("The target has ended");
      sum.done += count;
    }
  }

  const all = Array.from({ length: Number(streams) }, stream);
  for (const { status } of await Promise.allSettled(all)) {
    if (status === "rejected") sum.failed++;
  }
  printSum(sum, begun);
}

/** Makes one connection of a kind. */
async function connectAs(kind: number, { port, target }: Way): Promise<void> {
  using conn = await connect(port);
  if (kind === 3) { // Leaves during the handshake.
    return await writeAll(conn, new Uint8Array([5, 1, 0]));
  }
  if (kind === 2) await askHttp(conn, target);
  else {
    const isRefused = kind === 4;
    const reply = await askSocks(conn, isRefused ? CLOSED_PORT : target);
    if (reply !== (isRefused ? 5 : 0)) throw new Error(`REP is ${reply}`);
    if (isRefused) return;
  }
  await echoOnce(conn);
  if (kind !== 0) await endInOrder(conn);
}

async function short(way: Way, clients: string, count: string) {
  const begun = performance.now();
  let left = Number(count) + 1;
  const sum = await runClients(
    Number(clients),
    () => --left > 0,
    () => connectAs(left % 5, way),
  );
  printSum({ ...sum, times: [] }, begun);
}

async function idle(way: Way) {
  const held: Deno.TcpConn[] = [];
  const lines = Deno.stdin.readable
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  for await (const line of lines) {
    let failed = 0;
    while (held.length < Number(line) && failed < 10) {
      try {
        const conn = await open(way);
        await echoOnce(conn);
        held.push(conn);
      } catch {
        failed++;
      }
    }
    while (held.length > Number(line)) {
      using conn = held.pop()!;
      await endInOrder(conn).catch(() => {});
    }
    print({ open: held.length, failed });
  }
}

async function serve(
  listener: Deno.TcpListener,
  handler: (conn: Deno.TcpConn, buffer: Uint8Array) => Promise<void>,
): Promise<void> {
  for await (const conn of listener) {
    conn.setNoDelay(true);
    handler(conn, new Uint8Array(BLOCK))
      .catch(() => {})
      .finally(() => conn.close());
  }
}

async function answer(conn: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(MESSAGE.length);
  while (true) {
    const count = await conn.read(buffer);
    if (count === null) return;
    await writeAll(conn, buffer.subarray(0, count));
  }
}

async function sink(conn: Deno.TcpConn, buffer: Uint8Array): Promise<void> {
  if (await conn.read(buffer) === null) return;
  const isSource = buffer[0] === SEND[0];
  buffer.fill(0);
  while (isSource) await writeAll(conn, buffer);
  while (await conn.read(buffer) !== null);
}

async function targets(): Promise<never> {
  const listen = (handler: Parameters<typeof serve>[1]) => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    serve(listener, handler);
    return listener.addr.port;
  };
  print({ echo: listen(answer), sink: listen(sink) });
  while (await Deno.stdin.read(new Uint8Array(1)) !== null);
  Deno.exit();
}

type Load = (way: Way, ...words: string[]) => Promise<void>;

const LOADS: Readonly<Record<string, Load>> = { rate, echo, bulk, idle };

const [mode = "", ...words] = Deno.args;
if (mode === "targets") await targets();
else if (mode === "short") {
  const [port, target, clients, count] = words;
  const way = { isSocks: true, port: Number(port), target: Number(target) };
  await short(way, clients!, count!);
} else {
  const [kind, port, target, ...rest] = words;
  const isSocks = kind === "socks";
  const way = { isSocks, port: Number(port), target: Number(target) };
  await LOADS[mode]!(way, ...rest);
}
