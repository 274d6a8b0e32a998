/**
 * The check of the hub.
 *
 * @module
 */

import { expect } from "./check.ts";
import { curl } from "./curl.ts";
import { type Program, readPorts, stop } from "./program.ts";

/** Checks two clients, the page, and the farewell. */
export async function hub(
  { command: [path, ...args] }: Program,
): Promise<void> {
  const child = new Deno.Command(path!, {
    args: [...args, "hub", "0", "--ws", "0", "--log", "json"],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  try {
    await converse(child);
  } catch (error) {
    child.kill("SIGKILL");
    await child.status;
    throw error;
  }
}

async function converse(child: Deno.ChildProcess): Promise<void> {
  const { found, rest } = await readPorts(child);
  const [port, web] = found.map((at) => Number(at.split(":").at(-1)));
  const connect = () => Deno.connect({ hostname: "127.0.0.1", port: port! });
  using speaker = await connect();
  using listener = await connect();
  await say(speaker, "/ping\n");
  expect("answer", await hear(speaker), "* pong\n");
  await say(listener, "/ping\n");
  expect("answer", await hear(listener), "* pong\n");
  await say(speaker, "through the hub\n");
  expect("message", await hear(listener), "through the hub\n");
  const { code, stderr } = await curl([`http://127.0.0.1:${web}/`]);
  expect("exit code of curl", code, 0, stderr);
  const stopping = stop(child, rest);
  expect("farewell", await hear(listener), "* The hub is shutting down\n");
  for (const conn of [speaker, listener]) await conn.closeWrite();
  expect("exit code", await stopping, 0);
}

async function say(conn: Deno.Conn, text: string): Promise<void> {
  await conn.write(new TextEncoder().encode(text));
}

async function hear(conn: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(1_000);
  const count = await conn.read(buffer);
  return new TextDecoder().decode(buffer.subarray(0, count ?? 0));
}
