/**
 * Targets outside of a fence that must not be reachable from inside: servers on
 * ports and sockets of every kind, and a Sluice with its admin page.
 *
 * @module
 */

import { formatIpAddress } from "../../lib/wire/ip_address.ts";
import type { Targets } from "./escapes.ts";
import { address, among, startNameServer } from "../support/name_server.ts";
import { Sluice } from "../support/sluice.ts";

/** Names that the name server knows. */
const ALLOWED = "allowed.test";
const DENIED = "denied.test";

/** The targets outside. Disposing of them closes them. */
export interface EscapeTargets extends AsyncDisposable {
  /** Targets for the program inside. */
  inside: Targets;
  /** Targets for the same program outside, with a Sluice as its proxy. */
  outside: Targets;
  /** Options of `sluice exec` that allow one host. */
  args: string[];
  /** Working directory. */
  cwd: string;
}

/** Opens all targets. */
export async function openTargets(): Promise<EscapeTargets> {
  const folder = await Deno.makeTempDir();
  const cwd = `${folder}/work`;
  await Deno.mkdir(cwd);
  await Deno.mkdir(`${folder}/else`);
  const work = new Work();
  const names = startNameServer(among([
    address(ALLOWED, "127.0.0.1"),
    address(DENIED, "127.0.0.1"),
  ]));
  const everywhere = work.keep(Deno.listen({ hostname: "::", port: 0 }));
  const { port: tcp } = everywhere.addr;
  work.answer(everywhere);
  const udp = work.datagrams(tcp);
  const allowed = work.serve(`http://${DENIED}:${tcp}/`);
  const paths = [
    `${cwd}/docker.sock`,
    `${folder}/else/agent.sock`,
    ...runSocket(),
  ];
  for (const path of paths) {
    work.answer(work.keep(Deno.listen({ transport: "unix", path })));
  }
  const abstract = `sluice-test-${crypto.randomUUID()}`;
  work.abstract(abstract);
  const dns = `${formatIpAddress(names.server.ip)}:${names.server.port}`;
  const token = `${folder}/token`;
  await Deno.writeTextFile(token, "0123456789abcdef0123456789abcdef\n");
  const adminPath = `${folder}/else/admin.sock`;
  const sluice = new Sluice(
    ...["--dns", dns, "--admin", "127.0.0.1:0", "--admin-token-file", token],
  );
  const second = new Sluice("--admin", `unix:${adminPath}`);
  await second.line(/Listening on/);
  const port = await sluice.port();
  const admin = Number(
    /:(\d+)/.exec((await sluice.line(/[Aa]dmin/)).replace(/^\S+ /, ""))?.[1],
  );
  const common = {
    tcp,
    udp,
    admin,
    sluice: port,
    own: ownAddresses(),
    paths: [...paths, adminPath],
    abstract,
    pid: Deno.pid,
    allowed: `${ALLOWED}:${allowed}`,
    denied: `${DENIED}:${tcp}`,
  };
  return {
    cwd,
    inside: { ...common, proxy: 1080 },
    outside: { ...common, proxy: port },
    args: [
      ...["--dns", dns, "--quiet", "--rule"],
      `allow name ${ALLOWED} to loopback port ${allowed}`,
    ],
    async [Symbol.asyncDispose]() {
      await sluice[Symbol.asyncDispose]();
      await second[Symbol.asyncDispose]();
      await names[Symbol.asyncDispose]();
      await work[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** One of the system's sockets, if this user may use it. */
function runSocket(): string[] {
  const path = `/run/sluice-test-${crypto.randomUUID()}.sock`;
  try {
    Deno.writeTextFileSync(path, "");
    Deno.removeSync(path);
    return [path];
  } catch {
    return [];
  }
}

function ownAddresses(): string[] {
  return Deno.networkInterfaces()
    .filter(({ name, scopeid }) => name !== "lo" && !scopeid)
    .map(({ address }) => address);
}

/** Servers that answer `REACHED`. */
class Work implements AsyncDisposable {
  readonly #open: { close(): void }[] = [];
  readonly #tasks: Promise<void>[] = [];
  #server: Deno.HttpServer | undefined;
  #child: Deno.ChildProcess | undefined;

  keep<T extends { close(): void }>(one: T): T {
    this.#open.push(one);
    return one;
  }

  /** Answers every connection, in HTTP too. */
  answer(listener: Deno.Listener): void {
    const greet = async (conn: Deno.Conn) => {
      using _closing = conn;
      await conn.read(new Uint8Array(1_024));
      const text = "REACHED";
      await conn.write(new TextEncoder().encode(
        `HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\n${text}`,
      ));
    };
    this.#tasks.push((async () => {
      for await (const conn of listener) greet(conn).catch(() => {});
    })());
  }

  /** Serves UDP on a free port near a TCP port. */
  datagrams(near: number): number {
    void near;
    const socket = this.keep(Deno.listenDatagram({
      ...{ transport: "udp", hostname: "::", port: 0 },
    }));
    this.#tasks.push((async () => {
      for await (const [, from] of socket) {
        await socket.send(new TextEncoder().encode("REACHED"), from)
          .catch(() => 0);
      }
    })());
    return (socket.addr as Deno.NetAddr).port;
  }

  /** Serves the allowed host, which redirects to a forbidden one. */
  serve(redirect: string): number {
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    this.#server = Deno.serve(
      options,
      ({ url }) =>
        url.endsWith("/redirect")
          ? Response.redirect(redirect, 302)
          : new Response("allowed"),
    );
    return (this.#server.addr as Deno.NetAddr).port;
  }

  /** Deno cannot open abstract sockets, so socat does, if installed. */
  abstract(name: string): void {
    try {
      this.#child = new Deno.Command("socat", {
        args: [`ABSTRACT-LISTEN:${name},fork`, "EXEC:echo REACHED"],
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
    } catch {
      // Without socat there is no target, and no escape finds one.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#open) one.close();
    await Promise.all(this.#tasks);
    await this.#server?.shutdown();
    this.#child?.kill("SIGKILL");
    await this.#child?.status;
  }
}
