/**
 * Commands for a Redis of a test.
 *
 * @module
 */

import { readExactly, writeAll } from "./sockets.ts";

/** Whose command it is, and where. */
export interface RedisLogin {
  /** Password of the default user (default: none). */
  password?: string | undefined;
  /** Number of the database (default 0). */
  database?: number | undefined;
}

/**
 * Sends a command over a Unix socket, which costs less than a process of
 * `redis-cli`.
 *
 * @param path Path of the socket.
 * @returns The reply as text: the lines of a list, the message of an error.
 */
export async function sendRedis(
  path: string,
  command: readonly string[],
  { database, password }: RedisLogin = {},
): Promise<string> {
  using conn = await Deno.connect({ transport: "unix", path });
  const all = [
    ...password === undefined ? [] : [["AUTH", password]],
    ...database === undefined ? [] : [["SELECT", String(database)]],
    command,
  ];
  await writeAll(conn, all.map(encode).join(""));
  let reply = "";
  for (const _ of all) reply = await readReply(conn);
  return reply.trim();
}

/** A list of strings (RESP). */
function encode(words: readonly string[]): string {
  const encoder = new TextEncoder();
  const texts = words.map((word) =>
    `$${encoder.encode(word).length}\r\n${word}\r\n`
  );
  return `*${words.length}\r\n${texts.join("")}`;
}

async function readReply(conn: Deno.Conn): Promise<string> {
  const line = await readLine(conn);
  const rest = line.slice(1);
  if (line.startsWith("*")) {
    const all: string[] = [];
    while (all.length < Number(rest)) all.push(await readReply(conn));
    return all.join("\n");
  }
  if (!line.startsWith("$")) return rest;
  if (rest === "-1") return "";
  const bytes = await readExactly(conn, Number(rest) + 2);
  // The lines of INFO end in CR LF.
  return new TextDecoder().decode(bytes).slice(0, -2).replaceAll("\r\n", "\n");
}

async function readLine(conn: Deno.Conn): Promise<string> {
  let line = "";
  while (!line.endsWith("\r\n")) {
    line += String.fromCharCode(...await readExactly(conn, 1));
  }
  return line.slice(0, -2);
}
