/**
 * An admin listener in the test's own process, and raw requests to it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  type Admin,
  type AdminConfig,
  startAdmin,
} from "../../lib/admin/server.ts";
import { DrainState } from "../../lib/admin/drain_state.ts";
import { OwnThread } from "../../lib/admin/threads/own.ts";
import { Threads } from "../../lib/admin/threads/threads.ts";
import { ALONE, type ServerHost } from "../../lib/serve/server_host.ts";
import { Registry } from "../../lib/serve/registry.ts";
import { parseHostPort } from "../../lib/wire/host_port.ts";
import { readToEnd, within, writeAll } from "./sockets.ts";

/** A response of the admin listener. */
export interface Answer {
  status: number;
  /** Fields by name in lower case. */
  fields: Map<string, string>;
  text: string;
}

/** Options for {@linkcode TestAdmin.ask}. */
export interface AskOptions {
  /** Header lines besides `Host`. A `Host` here replaces it. */
  headers?: Record<string, string>;
  body?: string;
}

/** The header that every change requires. */
export const CONFIRMED = { "X-Sluice-Request": "1" };

/** An admin listener. Disposing of it closes it. */
export interface TestAdmin extends AsyncDisposable {
  readonly admin: Admin;
  /** Connections of this thread. */
  readonly registry: Registry;
  /** The threads it shows (default: only this thread). */
  readonly threads: Threads;
  readonly state: DrainState;
  /** `HOST:PORT`. */
  readonly host: string;
  /** Sends one request. */
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>;
  /** Requests JSON, and fails without it. */
  // deno-lint-ignore no-explicit-any
  get(path: string): Promise<any>;
  /** Opens a connection to the listener. */
  connect(): Promise<Deno.Conn>;
}

/** A program that watches the connections of a server. */
export function watched(registry: Registry): ServerHost {
  return { ...ALONE, registry };
}

/** Threads that show a registry of this thread. */
export function threadsOf(registry: Registry): Threads {
  const threads = new Threads();
  threads.add(new OwnThread(registry));
  return threads;
}

/** Starts a ready admin listener on 127.0.0.1, without any data. */
export async function startTestAdmin(
  config: Partial<AdminConfig> = {},
): Promise<TestAdmin> {
  const registry = new Registry();
  const threads = config.threads ?? threadsOf(registry);
  const state = config.state ?? new DrainState();
  state.start();
  const admin = await startAdmin({
    listen: { host: "127.0.0.1", port: 0 },
    token: undefined,
    actions: {
      drain: () => state.drain(60_000),
      reload: () => Promise.resolve({ reloaded: [] }),
      config: () => ({}),
    },
    log: () => {},
    ...config,
    threads,
    state,
  });
  const connect = () => connectTo(admin.name);
  async function ask(
    method: string,
    path: string,
    options: AskOptions = {},
  ): Promise<Answer> {
    using conn = await connect();
    await writeAll(conn, encodeRequest(admin.name, [method, path], options));
    return parseAnswer(await within(10_000, readToEnd(conn)));
  }
  return {
    admin,
    registry,
    threads,
    state,
    host: admin.name,
    ask,
    async get(path) {
      const { fields, status, text } = await ask("GET", path);
      assertEquals([status, fields.get("content-type")], [
        200,
        "application/json",
      ], text);
      return JSON.parse(text);
    },
    connect,
    [Symbol.asyncDispose]: () => admin[Symbol.asyncDispose](),
  };
}

/** Splits a response into its parts. */
export function parseAnswer(bytes: Uint8Array): Answer {
  const all = new TextDecoder().decode(bytes);
  const end = all.indexOf("\r\n\r\n");
  const [line = "", ...lines] = all.slice(0, end).split("\r\n");
  const fields = new Map(lines.map((field) => {
    const colon = field.indexOf(":");
    return [field.slice(0, colon).toLowerCase(), field.slice(colon + 2)];
  }));
  return {
    status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1]),
    fields,
    text: all.slice(end + 4),
  };
}

/** Reads events of a stream until the caller stops. */
export async function* readEvents(
  conn: Deno.Conn,
  // deno-lint-ignore no-explicit-any
): AsyncGenerator<{ name: string; data: any }> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(64 * 1024);
  let text = "";
  while (true) {
    for (let end; (end = text.indexOf("\n\n")) >= 0;) {
      const [, name, data] = /event: (.*)\ndata: (.*)$/.exec(
        text.slice(0, end),
      ) ?? [];
      text = text.slice(end + 2);
      if (name !== undefined) yield { name, data: JSON.parse(data!) };
    }
    const count = await within(10_000, conn.read(buffer));
    if (count === null) return;
    text += decoder.decode(buffer.subarray(0, count), { stream: true })
      .replace(/^HTTP\/1\.1 200 [^]*?\r\n\r\n/, "");
  }
}

function connectTo(name: string): Promise<Deno.Conn> {
  if (name.startsWith("unix:")) {
    return Deno.connect({ transport: "unix", path: name.slice(5) });
  }
  const { host: hostname, port } = parseHostPort(name, "");
  return Deno.connect({ hostname, port });
}

function encodeRequest(
  host: string,
  [method, path]: readonly [string, string],
  { body = "", headers = {} }: AskOptions,
): string {
  const fields = { Host: host.startsWith("unix:") ? "unix" : host, ...headers };
  const lines = Object.entries(fields).map(([name, value]) =>
    `${name}: ${value}\r\n`
  );
  const length = body === "" ? "" : `Content-Length: ${body.length}\r\n`;
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}${length}\r\n${body}`;
}
