/**
 * One load of the benchmark: `load.ts FIGURE PROXY TARGET SECONDS`, ports on
 * 127.0.0.1. Prints the figure.
 *
 * @module
 */

const BLOCK = 256 * 1024;
const MESSAGE = new Uint8Array(64).fill(120);

/** Connections at once, for the rate of new ones. */
const AT_ONCE = 16;

const [figure, ...numbers] = Deno.args;
const [proxy, target, seconds] = numbers.map(Number) as [
  number,
  number,
  number,
];

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

/** Opens a tunnel to the target with a SOCKS5 handshake. */
async function open(): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: proxy });
  conn.setNoDelay(true);
  const reply = new Uint8Array(10);
  await writeAll(conn, new Uint8Array([5, 1, 0]));
  await readExactly(conn, reply.subarray(0, 2));
  const port = [target >> 8, target & 0xff];
  await writeAll(conn, new Uint8Array([5, 1, 0, 1, 127, 0, 0, 1, ...port]));
  await readExactly(conn, reply);
  if (reply[1] !== 0) throw new Error(`Refused with ${reply[1]}`);
  return conn;
}

/** Bytes a second through one tunnel, in units of 10^9. */
async function bulk(isDown: boolean): Promise<number> {
  using conn = await open();
  const buffer = new Uint8Array(BLOCK);
  if (isDown) await writeAll(conn, new TextEncoder().encode("S"));
  let bytes = 0;
  const started = performance.now();
  const end = started + seconds * 1000;
  while (performance.now() < end) {
    const count = isDown ? await conn.read(buffer) : await conn.write(buffer);
    if (count === null) throw new Error("The target has ended");
    bytes += count;
  }
  return bytes / (performance.now() - started) / 1e6;
}

/** Median of the time of one echo through an open tunnel, in microseconds. */
async function echo(): Promise<number> {
  using conn = await open();
  const answer = new Uint8Array(MESSAGE.length);
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const started = performance.now();
    await writeAll(conn, MESSAGE);
    await readExactly(conn, answer);
    times.push((performance.now() - started) * 1000);
  }
  return times.toSorted((a, b) => a - b)[times.length >> 1]!;
}

/** Tunnels a second, each opened, used for one echo, and closed. */
async function rate(): Promise<number> {
  let count = 0;
  const started = performance.now();
  const end = started + seconds * 1000;

  async function client(): Promise<void> {
    const answer = new Uint8Array(MESSAGE.length);
    while (performance.now() < end) {
      using conn = await open();
      await writeAll(conn, MESSAGE);
      await readExactly(conn, answer);
      count++;
    }
  }

  await Promise.all(Array.from({ length: AT_ONCE }, client));
  return count / (performance.now() - started) * 1000;
}

const LOADS: Readonly<Record<string, () => Promise<number>>> = {
  "up GB/s": () => bulk(false),
  "down GB/s": () => bulk(true),
  "echo p50 us": echo,
  "connections/s": rate,
};

const value = await LOADS[figure!]!();
await Deno.stdout.write(new TextEncoder().encode(String(value)));
