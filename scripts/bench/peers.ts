/**
 * The servers to measure: the program from source and compiled, and others.
 *
 * @module
 */

import { NO_RUNTIME } from "../compile.ts";

/** A task for the measured servers. */
export type Job = "SOCKS5" | "relay";

/** A server to measure. */
export interface Peer {
  /** Name of its column. */
  name: string;
  /** Program and arguments, for a port to listen on. */
  command: (port: number, target: number) => string[];
  /** Most idle tunnels, for a server with a process for each. */
  mostTunnels?: number;
}

/** The available servers, and the reasons for missing ones. */
export interface Peers {
  found: Peer[];
  /** One reason each, such as `socat is not installed`. */
  left: string[];
}

/** A server that may not be installed. */
interface Candidate {
  name: string;
  /** The program that must be installed. */
  program: string;
  /** Returns its command, and may write its configuration to the folder. */
  prepare: (
    folder: string,
    job: Job,
  ) => Peer["command"] | Promise<Peer["command"]>;
  mostTunnels?: number;
}

/** Column of the compiled program. */
export const COMPILED = "Sluice, compiled";

const ROOT = `${import.meta.dirname}/../..`;

const CANDIDATES: Readonly<Record<Job, readonly Candidate[]>> = {
  SOCKS5: [
    {
      name: "microsocks",
      program: "microsocks",
      prepare: () => (port) => ["microsocks", "-i127.0.0.1", `-p${port}`],
    },
    {
      name: "Dante",
      program: "danted",
      prepare: (folder) => (port) => {
        const path = `${folder}/danted-${port}.conf`;
        Deno.writeTextFileSync(path, danteConfig(port));
        return ["danted", "-f", path];
      },
    },
    { name: "Go", program: "go", prepare: buildGo },
  ],
  relay: [
    { name: "Go", program: "go", prepare: buildGo },
    {
      name: "HAProxy",
      program: "haproxy",
      prepare: (folder) => (port, target) => {
        const path = `${folder}/haproxy-${port}.conf`;
        Deno.writeTextFileSync(path, haproxyConfig(port, target));
        return ["haproxy", "-db", "-f", path];
      },
    },
    {
      name: "socat",
      program: "socat",
      prepare: () => (port, target) => [
        "socat",
        `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr,fork,backlog=1024`,
        `TCP:127.0.0.1:${target}`,
      ],
      mostTunnels: 2_000,
    },
  ],
};

/** Input for the search. */
export interface PeerSettings {
  /** Folder for executables and configurations. */
  folder: string;
  /** The compiled program, or the reason why it is missing. */
  compiled: Compiled;
  /** Names of the wanted servers (default all). */
  only?: readonly string[] | undefined;
}

/**
 * Finds the servers that can be measured on this machine, and builds them if
 * needed.
 *
 * @param job Task of the servers.
 * @returns The available servers, the program itself first.
 */
export async function findPeers(
  job: Job,
  { folder, compiled, only }: PeerSettings,
): Promise<Peers> {
  const source = [Deno.execPath(), "run", "-A", `${ROOT}/main.ts`];
  const found = [{ name: "Sluice", command: sluice(job, source) }] as Peer[];
  const left: string[] = [];
  if (compiled.path !== undefined) {
    const command = sluice(job, [compiled.path]);
    found.push({ name: COMPILED, command });
  } else left.push(compiled.reason);
  for (const { name, program, prepare, ...rest } of CANDIDATES[job]) {
    if (!(only?.includes(name) ?? true)) continue;
    if (await isInstalled(program)) {
      found.push({ name, command: await prepare(folder, job), ...rest });
    } else left.push(`${program} is not installed`);
  }
  const asked = found.filter(({ name }) => only?.includes(name) ?? true);
  return { found: asked, left };
}

/** A compiled program, or the reason why it is missing. */
export type Compiled =
  | { path: string; reason?: undefined }
  | { path?: undefined; reason: string };

/**
 * Compiles the program.
 *
 * @param folder Folder of the executable.
 * @returns Its path; or the reason if no runtime is available to embed.
 * @throws {Error} If the program itself can't be compiled.
 */
export async function compileProgram(folder: string): Promise<Compiled> {
  const path = `${folder}/sluice`;
  const script = `${ROOT}/scripts/compile.ts`;
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script, "--output", path],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (code === 0) return { path };
  const reason = new TextDecoder().decode(stderr).trim();
  if (code !== NO_RUNTIME) throw new Error(reason);
  return { reason: `there is no compiled program (${reason})` };
}

function sluice(job: Job, program: string[]): Peer["command"] {
  return (port, target) => {
    const listen = `127.0.0.1:${port}`;
    return job === "SOCKS5"
      ? [...program, "--quiet", `--listen=${listen}`]
      : [...program, "forward", "--quiet", listen, `127.0.0.1:${target}`];
  };
}

async function buildGo(
  folder: string,
  job: Job,
): Promise<Peer["command"]> {
  const output = `${folder}/peer`;
  const { success } = await new Deno.Command("go", {
    args: ["build", "-o", output, `${import.meta.dirname}/peer.go`],
    env: { GO111MODULE: "off", CGO_ENABLED: "0", GOCACHE: `${folder}/go` },
    stdout: "null",
  }).output();
  if (!success) throw new Error("Go does not build scripts/bench/peer.go");
  return (port, target) =>
    [output, port, ...job === "relay" ? [target] : []].map(String);
}

async function isInstalled(program: string): Promise<boolean> {
  const { success } = await new Deno.Command("sh", {
    args: ["-c", 'command -v "$0"', program],
    stdout: "null",
  }).output();
  return success;
}

function danteConfig(port: number): string {
  return `logoutput: stderr
internal: 127.0.0.1 port = ${port}
external: lo
socksmethod: none
clientmethod: none
client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
`;
}

function haproxyConfig(port: number, target: number): string {
  return `defaults
  mode tcp
  timeout connect 5s
  timeout client 300s
  timeout server 300s
listen relay
  bind 127.0.0.1:${port} backlog 4096
  server target 127.0.0.1:${target}
`;
}
