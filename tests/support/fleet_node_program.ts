/**
 * A node of a fleet as a program, which is asked through its admin listener.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { FleetAnswer, NodeStatus } from "../../lib/admin/api.ts";
import { Sluice } from "./sluice.ts";

/** A node; options are `--fleet`, `--fleet-node` and what else is given. */
export class FleetNodeProgram implements AsyncDisposable {
  /** Its name. */
  readonly name: string;
  /** The program. */
  readonly sluice: Sluice;
  #admin: Promise<string> | undefined;

  /** Starts a node. */
  constructor(name: string, redis: string, ...args: string[]) {
    this.name = name;
    this.sluice = new Sluice(
      ...["--fleet", redis, "--fleet-node", name, ...args],
    );
  }

  /** Where its admin listener is, such as `http://127.0.0.1:9090`. */
  get admin(): Promise<string> {
    return this.#admin ??= this.sluice.line(/Admin page.* on (http:\S+)/)
      .then((line) => /http:\S+(?=\/$)/.exec(line)![0]);
  }

  /** Calls the admin API; the answer is the status and the body. */
  async ask(call: string): Promise<[status: number, body: unknown]> {
    const [method, path] = call.split(" ") as [string, string];
    const response = await fetch(`${await this.admin}${path}`, {
      method,
      headers: { "X-Sluice-Request": "1" },
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type") === "application/json";
    return [response.status, isJson ? JSON.parse(text) : text];
  }

  /** Lists the nodes that it knows. */
  async nodes(): Promise<NodeStatus[]> {
    const [status, body] = await this.ask("GET /api/fleet");
    assertEquals(status, 200, JSON.stringify(body));
    return (body as FleetAnswer).nodes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sluice[Symbol.asyncDispose]();
  }
}
