import { assert, assertEquals, assertMatch } from "@std/assert";
import type { NodeStatus } from "../../../lib/admin/api.ts";
import { eventually } from "../../support/dialogue.ts";
import { FleetNodeProgram } from "../../support/fleet_node_program.ts";
import { testPrograms } from "../../support/programs.ts";
import { startRedis } from "../../support/redis.ts";
import {
  readExactly,
  readToEnd,
  startEcho,
  within,
  writeAll,
} from "../../support/sockets.ts";

/** Seconds after which a node is seen to be lost, on a machine with time. */
const SEEN = 6;

testPrograms({
  name: "any node of a fleet shows the others, and acts on them",
  needs: ["redis-server"],
  async fn({ "redis-server": path }) {
    await using redis = await startRedis(path);
    await using echo = startEcho();
    const admin = ["--admin", "127.0.0.1:0"];
    await using a = new FleetNodeProgram("a", redis.url, ...admin);
    await using b = new FleetNodeProgram(
      "b",
      redis.url,
      ...admin,
      "--workers=2",
    );
    await using c = new FleetNodeProgram(
      ...["c", redis.url, ...admin, "--fleet-role=observer"] as const,
    );
    await using bare = new FleetNodeProgram("bare", redis.url);
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
    assertEquals(nodes[2]!.totals?.connections, 0);

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

    const other = await b.sluice.openTunnel(echo.addr);
    const forged = {
      ...{ ask: 1, from: nodes[0]!.id, node: "c", role: "observer" },
      call: {
        method: "DELETE",
        target: "/api/tunnels?filter=state:open&expect=9",
      },
    };
    const channel = `sluice:1:{sluice}:to:${nodes[1]!.id}`;
    await redis.cli("PUBLISH", channel, JSON.stringify(forged));
    // It has answered the forged call before this one.
    assertEquals((await a.ask("GET /api/status?node=b"))[0], 200);
    await writeAll(other, [7]);
    assertEquals(await within(10_000, readExactly(other, 1)), Uint8Array.of(7));

    const [, metrics] = await a.ask("GET /metrics?fleet=1");
    assertMatch(metrics as string, /^sluice_fleet_node_up\{node="b"\} 1$/m);
    assertMatch(
      metrics as string,
      /^sluice_fleet_node_sent_bytes_total\{node="bare"\} 0$/m,
    );

    bare.sluice.kill("SIGKILL");
    const silent: number[] = [];
    // All see it at the same time: while one is asked, the others need not be.
    for (const other of [a, b, c]) {
      let lost: NodeStatus;
      const isLost = async () => (lost = (await other.nodes())[2]!).isLost;
      assert(await eventually(isLost, 30_000));
      silent.push(lost!.silentMs);
    }
    assert(Math.min(...silent) < SEEN * 1_000, `${silent}`);

    c.sluice.kill("SIGSTOP");
    const [silence, excuse] = await a.ask("GET /api/status?node=c");
    assertEquals(silence, 503);
    assertMatch(
      JSON.stringify(excuse),
      /Node c (has not answered in 5 s|is lost)/,
    );
    c.sluice.kill("SIGCONT");

    other.close();
    const [status] = await a.ask("POST /api/drain?node=b");
    assertEquals(status, 202);
    assertEquals(await b.sluice.code(), 0);
    assert(await eventually(async () => (await a.nodes()).length === 3));
  },
});
