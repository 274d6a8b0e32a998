/**
 * HAProxy as an upstream that answers HTTP requests by itself.
 *
 * @module
 */

import { assert } from "@std/assert";
import type { TestCertificate } from "./certificates.ts";
import { eventually } from "./dialogue.ts";
import { makeFolder } from "./programs.ts";
import { closedPort } from "./sockets.ts";

/** HAProxy that is running. */
export interface Haproxy extends AsyncDisposable {
  readonly hostname: string;
  readonly port: number;
}

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
): Promise<Haproxy> {
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
  const child = new Deno.Command(path, {
    args: ["-db", "-f", config],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  assert(
    await eventually(() =>
      Deno.connect({ port }).then((conn) => (conn.close(), true), () => false)
    ),
  );
  return {
    hostname: "127.0.0.1",
    port,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await folder[Symbol.asyncDispose]();
    },
  };
}
