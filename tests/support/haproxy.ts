/**
 * HAProxy as an upstream that answers HTTP requests itself, and as a load
 * balancer.
 *
 * @module
 */

import type { TestCertificate } from "./certificates.ts";
import {
  type ProgramPlace,
  type ProgramServer,
  serveProgram,
} from "./program_server.ts";
import { makeFolder } from "./programs.ts";
import { closedPort } from "./sockets.ts";

/** Settings of HAProxy. */
export interface HaproxySettings {
  /** Options of its `bind` line, such as `accept-proxy`. */
  bind: string;
  /** Its answer, as a log format. */
  answer: string;
  /** Its TLS certificate (default: no TLS). */
  tls?: TestCertificate | undefined;
}

/** Destination of HAProxy's connections. */
export interface HaproxyRelaySettings {
  /** Address of the server. */
  to: { hostname: string; port: number };
  /** Options of its `server` line, such as `send-proxy`. */
  send: string;
}

/** Starts HAProxy on a free port of 127.0.0.1. */
export async function startHaproxy(
  path: string,
  { answer, bind, tls }: HaproxySettings,
): Promise<ProgramServer> {
  const folder = await makeFolder();
  const port = closedPort();
  const pem = `${folder.path}/server.pem`;
  if (tls !== undefined) {
    await Deno.writeTextFile(pem, `${tls.certificate}${tls.key}`);
  }
  const ssl = tls === undefined ? "" : ` ssl crt ${pem}`;
  const lines = [
    "frontend answering",
    `  bind 127.0.0.1:${port} ${bind}${ssl}`,
    `  http-request return status 200 content-type text/plain lf-string "${answer}"`,
  ];
  return await serveConfig(path, "http", { lines, place: { folder, port } });
}

/** Starts HAProxy on a free port of 127.0.0.1, before another server. */
export async function startHaproxyRelay(
  path: string,
  { send, to }: HaproxyRelaySettings,
): Promise<ProgramServer> {
  const folder = await makeFolder();
  const port = closedPort();
  const lines = [
    "listen passing",
    `  bind 127.0.0.1:${port}`,
    `  server next ${to.hostname}:${to.port} ${send}`,
  ];
  return await serveConfig(path, "tcp", { lines, place: { folder, port } });
}

async function serveConfig(
  path: string,
  mode: "http" | "tcp",
  { lines, place }: { lines: string[]; place: ProgramPlace },
): Promise<ProgramServer> {
  const config = `${place.folder.path}/haproxy.cfg`;
  await Deno.writeTextFile(
    config,
    `defaults
  mode ${mode}
  timeout connect 10s
  timeout client 10s
  timeout server 10s
${lines.join("\n")}
`,
  );
  return await serveProgram(path, ["-db", "-f", config], place);
}
