import { assert, assertEquals, assertMatch } from "@std/assert";
import type { FleetAnswer, NodeStatus } from "../../../lib/admin/api.ts";
import { eventually } from "../../support/dialogue.ts";
import { testPrograms } from "../../support/programs.ts";
import { startRedis } from "../../support/redis.ts";
import { Sluice } from "../../support/sluice.ts";
import { readToEnd, startEcho, within } from "../../support/sockets.ts";

/** Seconds after which a node is seen to be lost, on a machine with time. */
const SEEN = 6;

/** A node with its admin listener. */
class Node {
  readonly name: string;
  readonly sluice: Sluice;
  #admin: Promise<string> | undefined;

  constructor(name: string, redis: string, ...args: string[]) {
    this.name = name;
    this.sluice = new Sluice(
      ...["--fleet", redis, "--fleet-node", name, ...args],
    );
  }

  /** Calls the admin API; the answer is the status and the body. */
  async ask(call: string): Promise<[status: number, body: unknown]> {
    this.#admin ??= this.sluice.line(/Admin page.* on (http:\S+)/)
      .then((line) => /http:\S+(?=\/$)/.exec(line)![0]);
    const [method, path] = call.split(" ") as [string, string];
    const response = await fetch(`${await this.#admin}${path}`, {
      method,
      headers: { "X-Sluice-Request": "1" },
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type") === "application/json";
    return [response.status, isJson ? JSON.parse(text) : text];
  }

  async nodes(): Promise<NodeStatus[]> {
    const [status, body] = await this.ask("GET /api/fleet");
    assertEquals(status, 200, JSON.stringify(body));
    return (body as FleetAnswer).nodes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sluice[Symbol.asyncDispose]();
  }
}

testPrograms({
  name: "any node of a fleet shows the others, and acts on them",
  needs: ["redis-server"],
  async fn({ "redis-server": path }) {
    await using redis = await startRedis(path);
    await using echo = startEcho();
    const admin = ["--admin", "127.0.0.1:0"];
    await using a = new Node("a", redis.url, ...admin);
    await using b = new Node("b", redis.url, ...admin, "--workers=2");
    await using c = new Node(
      ...["c", redis.url, ...admin, "--fleet-role=observer"] as const,
    );
    await using bare = new Node("bare", redis.url);
    await Promise.all([a, b, c, bare].map(({ sluice }) => sluice.port()));
    using tunnel = await b.sluice.openTunnel(echo.addr);
    assert(
      await eventually(async () => {
        const nodes = await a.nodes();
        return nodes.length === 4 && nodes[1]!.open === 1;
      }),
    );
    const nodes = await a.nodes();
    assertEquals(
      nodes.map(({ node, role, isAnswering, isDraining, isLost, open }) => ({
        ...{ node, role, isAnswering, isDraining, isLost, open },
      })),
      ["a", "b", "bare", "c"].map((node) => ({
        node,
        role: node === "c" ? "observer" : "member",
        isAnswering: node !== "bare",
        ...{ isDraining: false, isLost: false },
        open: node === "b" ? 1 : 0,
      })),
    );
    assertEquals(nodes[1]!.totals?.connections, 1);
    assertEquals(nodes[2]!.totals, undefined);

    const [, listed] = await a.ask("GET /api/tunnels?node=b&filter=state:open");
    const { tunnels: [{ id }] } = listed as { tunnels: [{ id: number }] };
    const end = `DELETE /api/tunnels/${id}?node=b`;
    const [refused, why] = await c.ask(end);
    assertEquals(refused, 403);
    assertMatch(JSON.stringify(why), /This node only observes/);
    assertEquals(await a.ask(end), [204, ""]);
    assertEquals((await within(10_000, readToEnd(tunnel))).length, 0);
    await a.sluice.line(
      new RegExp(`Admin: asked node b: DELETE /api/tunnels/${id}$`),
    );
    await b.sluice.line(
      new RegExp(`Admin of node a: ended connection ${id}$`),
    );

    const faults: [call: string, status: number, text: RegExp][] = [
      ["GET /api/tunnels?node=d", 404, /No node is named 'd'/],
      ["GET /api/tunnels?node=bare", 503, /bare has no admin listener/],
      ["GET /api/events?node=b", 400, /cannot be asked for \/api\/events/],
      ["GET /api/tunnels?node=b&filtre=x", 400, /filtre/],
      [`DELETE /api/tunnels/${id}?node=b`, 404, /No tunnel/],
      ["GET /metrics?fleet=2", 400, /fleet is 1, or missing/],
    ];
    for (const [call, status, text] of faults) {
      const [got, body] = await a.ask(call);
      assertEquals(got, status, `${call}: ${JSON.stringify(body)}`);
      assertMatch(JSON.stringify(body), text);
    }

    const [, metrics] = await a.ask("GET /metrics?fleet=1");
    assertMatch(metrics as string, /^sluice_fleet_node_up\{node="b"\} 1$/m);
    assertEquals(
      /^sluice_fleet_node_sent_bytes_total\{node="bare"\}/m.test(
        metrics as string,
      ),
      false,
    );

    bare.sluice.kill("SIGKILL");
    const silent = await Promise.all([a, b, c].map(async (other) => {
      let lost: NodeStatus;
      const isLost = async () => (lost = (await other.nodes())[2]!).isLost;
      assert(await eventually(isLost, 30_000));
      return lost!.silentMs;
    }));
    assert(Math.min(...silent) < SEEN * 1_000, `${silent}`);

    const [status] = await a.ask("POST /api/drain?node=b");
    assertEquals(status, 202);
    assertEquals(await b.sluice.code(), 0);
    assert(await eventually(async () => (await a.nodes()).length === 3));
  },
});
