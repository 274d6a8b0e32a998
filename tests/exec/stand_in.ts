/**
 * A server on loopback that stands in for the registries and hosts of other
 * tools. It has its own name, and a certificate from its own authority.
 *
 * @module
 */

import { formatIpAddress } from "../../lib/wire/ip_address.ts";
import { issue } from "../support/certificates.ts";
import { type Ended, execFrom } from "../support/exec.ts";
import { address, among, startNameServer } from "../support/name_server.ts";
import { makeFolder } from "../support/programs.ts";
import { sharedCommands } from "../support/sluice_commands.ts";

/** The process that runs the tools' fences. */
const commands = sharedCommands();

/** Served files by path. A function creates a file for the server's origin. */
export type Served = Record<string, string | Uint8Array<ArrayBuffer>>;

/** A running server. */
export interface StandIn extends AsyncDisposable {
  /** `https://NAME:PORT` */
  readonly origin: string;
  /** `NAME:PORT` */
  readonly authority: string;
  /** File of its certificate's authority. */
  readonly ca: string;
  /** A folder for the tool, without any of the user's files. */
  readonly home: string;
  /** What is served; may grow. */
  readonly served: Served;
  /** Runs a tool in a fence, with the environment of the test and more. */
  run(
    words: readonly string[],
    env?: Record<string, string>,
    cwd?: string,
  ): Promise<Ended>;
}

/** Starts a server. */
export async function startStandIn(name: string): Promise<StandIn> {
  const folder = await makeFolder();
  const authority = await issue({
    name: "stand-in",
    isAuthority: true,
    usage: "none",
  });
  const { certificate, key } = await issue({
    name,
    usage: "server",
    alternatives: [{ type: "dns", value: name }],
  }, authority);
  const ca = `${folder.path}/ca.pem`;
  await Deno.writeTextFile(ca, authority.certificate);
  const served: Served = {};
  const server = Deno.serve({
    ...{ hostname: "127.0.0.1", port: 0, cert: certificate, key },
    onListen: () => {},
  }, ({ url }) => {
    const path = decodeURIComponent(new URL(url).pathname);
    const found = served[path];
    if (found === undefined) return new Response("not here", { status: 404 });
    const type = path.endsWith("/") ? "text/html" : "application/octet-stream";
    return new Response(found, { headers: { "content-type": type } });
  });
  const { port } = server.addr;
  const names = startNameServer(among([address(name, "127.0.0.1")]));
  const dns = `${formatIpAddress(names.server.ip)}:${names.server.port}`;
  const home = `${folder.path}/home`;
  await Deno.mkdir(home);
  return {
    origin: `https://${name}:${port}`,
    authority: `${name}:${port}`,
    ca,
    home,
    served,
    run(words, env = {}, cwd = home) {
      const rule = `allow name ${name} to loopback port ${port}`;
      const all = Object.entries({ HOME: home, ...env })
        .map(([name, value]) => `${name}=${value}`);
      const args = [
        ...["--dns", dns, "--rule", rule, "--fail-on-denied"],
        ...["--", "env", ...all, ...words],
      ];
      return execFrom(commands, args, { cwd });
    },
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await names[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
