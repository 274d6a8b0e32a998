/**
 * HAProxy as an upstream that answers HTTP requests by itself.
 *
 * @module
 */

import type { TestCertificate } from "./certificates.ts";
import { type ProgramServer, serveProgram } from "./program_server.ts";
import { makeFolder } from "./programs.ts";
import { closedPort } from "./sockets.ts";

/** What HAProxy is to do. */
export interface HaproxySettings {
  /** What its `bind` says, such as `accept-proxy`. */
  bind: string;
  /** Its answer, as a format of its log. */
  answer: string;
  /** What it speaks TLS with (default: it speaks none). */
  tls?: TestCertificate | undefined;
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
  const config = `${folder.path}/haproxy.cfg`;
  await Deno.writeTextFile(
    config,
    `defaults
  mode http
  timeout connect 10s
  timeout client 10s
  timeout server 10s
frontend answering
  bind 127.0.0.1:${port} ${bind}${tls === undefined ? "" : ` ssl crt ${pem}`}
  http-request return status 200 content-type text/plain lf-string "${answer}"
`,
  );
  return await serveProgram(path, ["-db", "-f", config], { port, folder });
}
