/**
 * The services of compose.yaml as processes of this machine: each has an address
 * of its own in 127.0.0.0/8, and so the ports of the file.
 *
 * @module
 */

import { assert } from "@std/assert";
import { parseAll } from "@std/yaml";
import { eventually } from "../../support/dialogue.ts";
import { makeFolder, runOk, type TestFolder } from "../../support/programs.ts";
import { RunningProgram } from "../../support/running_program.ts";
import { spawnSluice } from "../../support/sluice.ts";

const FILES = new URL("../../../scripts/deploy/", import.meta.url);

/** A service of the file, as far as we use it. */
interface Service {
  command?: string[];
  hostname?: string;
  stop_grace_period?: string;
  networks: { fleet: { ipv4_address: string } };
}

/** What the file says. */
export interface Compose {
  services: Record<string, Service>;
  networks: { fleet: { ipam: { config: [{ subnet: string }] } } };
}

/** Nodes in the order of their names. */
export const NODES = ["sluice1", "sluice2", "sluice3"] as const;

/** Reads compose.yaml. */
export async function readCompose(): Promise<Compose> {
  const text = await Deno.readTextFile(new URL("fleet/compose.yaml", FILES));
  const [compose] = parseAll(text) as Compose[];
  return compose!;
}

/** Reads haproxy.cfg. */
export function readHaproxy(): Promise<string> {
  return Deno.readTextFile(new URL("haproxy.cfg", FILES));
}

/** The real programs of the services. */
export interface TopologyPrograms {
  haproxy: string;
  "redis-server": string;
}

/** What differs from the file. */
export interface TopologySettings {
  /** Lines of the users file. */
  users: string;
  /** Arguments of every node after those of the file. */
  args?: readonly string[];
}

/** The services, running. */
export class Topology implements AsyncDisposable {
  readonly #folder: TestFolder;
  readonly #compose: Compose;
  readonly #programs: TopologyPrograms;
  readonly #args: readonly string[];
  /** Replaces the network of the file: 127, and two bytes of our own. */
  readonly #network: string;
  readonly #others: Deno.ChildProcess[] = [];
  readonly #nodes = new Map<string, RunningProgram>();

  private constructor(
    folder: TestFolder,
    compose: Compose,
    programs: TopologyPrograms,
    { args = [] }: TopologySettings,
  ) {
    this.#folder = folder;
    this.#compose = compose;
    this.#programs = programs;
    this.#args = args;
    const [a, b] = crypto.getRandomValues(new Uint8Array(2));
    this.#network = `127.${a! % 254 + 1}.${b}`;
  }

  /** Starts all services, and waits until HAProxy has every node. */
  static async start(
    programs: TopologyPrograms,
    settings: TopologySettings,
  ): Promise<Topology> {
    const folder = await makeFolder();
    const compose = await readCompose();
    const topology = new Topology(folder, compose, programs, settings);
    try {
      await topology.#start(settings.users);
      return topology;
    } catch (error) {
      await topology[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #start(users: string): Promise<void> {
    const { path } = this.#folder;
    await Deno.writeTextFile(`${path}/users.txt`, users, { mode: 0o600 });
    await Deno.writeTextFile(`${path}/token.txt`, this.token, { mode: 0o600 });
    const config = this.#own(await readHaproxy())
      .replace("maxconn 100000", "maxconn 2000")
      .replace("bind :1080", `bind ${this.addressOf("haproxy")}:1080`)
      // Otherwise the system would choose another address of loopback.
      .replace("send-proxy-v2", `$& source ${this.addressOf("haproxy")}`)
      // The same, in a twentieth of the time.
      .replace("inter 2s", "inter 100ms")
      .replace("log stdout format raw local0", "");
    await Deno.writeTextFile(`${path}/haproxy.cfg`, config);
    const [, ...redis] = this.#commandOf("redis");
    this.#run("redis-server", [...redis, "--bind", this.addressOf("redis")]);
    await Promise.all(NODES.map((name) => this.startNode(name)));
    this.#run("haproxy", ["-db", "-f", `${path}/haproxy.cfg`]);
    const front = { hostname: this.addressOf("haproxy"), port: 1080 };
    assert(
      await eventually(() =>
        Deno.connect(front).then((conn) => (conn.close(), true), () => false)
      ),
    );
  }

  /** The token of the admin listeners. */
  readonly token = "0123456789abcdef0123456789abcdef";

  /** Where a service is. */
  addressOf(name: string): string {
    return this.#own(
      this.#compose.services[name]!.networks.fleet.ipv4_address,
    );
  }

  /** Sends a command to Redis; returns the text of its reply. */
  async redis(...command: string[]): Promise<string> {
    const text = await runOk("redis-cli", [
      ...["-h", this.addressOf("redis"), ...command],
    ]);
    return text.trim();
  }

  /** A node that runs. */
  node(name: string): RunningProgram {
    return this.#nodes.get(name)!;
  }

  /** Starts a node, and waits until it is ready. */
  async startNode(name: string): Promise<void> {
    const address = this.addressOf(name);
    const child = spawnSluice([
      ...this.#commandOf(name),
      `--listen=${address}:1080`,
      `--admin=${address}:9090`,
      `--fleet-node=${this.#compose.services[name]!.hostname}`,
      ...this.#args,
    ], { stdout: "null" });
    const node = new RunningProgram(child);
    this.#nodes.set(name, node);
    await node.line(/"event":"listening"/);
  }

  /** The arguments of a service, with our folder and our network. */
  #commandOf(name: string): string[] {
    const own = ["--listen", "--admin", ...this.#args]
      .map((word) => `${word.split("=")[0]}=`);
    return this.#compose.services[name]!.command!
      .filter((word) => !own.some((start) => word.startsWith(start)))
      .map((word) =>
        this.#own(word).replace("/config/", `${this.#folder.path}/`)
      );
  }

  #own(text: string): string {
    return text.replaceAll("10.80.0", this.#network);
  }

  #run(name: keyof TopologyPrograms, args: string[]): void {
    const child = new Deno.Command(this.#programs[name], {
      args,
      cwd: this.#folder.path,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#others.push(child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.#nodes.values()) await node[Symbol.asyncDispose]();
    for (const child of this.#others) {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has already ended.
      }
      await child.status;
    }
    await this.#folder[Symbol.asyncDispose]();
  }
}
