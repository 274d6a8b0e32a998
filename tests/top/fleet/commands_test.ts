import { assert, assertEquals, assertMatch } from "@std/assert";
import type { FleetAnswer } from "../../../lib/admin/api.ts";
import { eventually } from "../../support/dialogue.ts";
import { FleetNodeProgram } from "../../support/fleet_node_program.ts";
import { startTestAdmin } from "../../support/admin.ts";
import { testPrograms } from "../../support/programs.ts";
import { startRedis } from "../../support/redis.ts";
import { RunningProgram } from "../../support/running_program.ts";
import { spawnSluice } from "../../support/sluice.ts";
import { sharedCommands } from "../../support/sluice_commands.ts";
import { startEcho } from "../../support/sockets.ts";

const commands = sharedCommands();

testPrograms({
  name:
    "sluice fleet status and drain show and end nodes of a fleet, and wait for their end",
  needs: ["redis-server"],
  async fn({ "redis-server": path }) {
    await using redis = await startRedis(path);
    await using echo = startEcho();
    const admin = ["--admin", "127.0.0.1:0"];
    await using a = new FleetNodeProgram(
      ...["a", redis.url, "--fleet-role=observer", ...admin] as const,
    );
    await using b = new FleetNodeProgram("web-b", redis.url, ...admin);
    await using c = new FleetNodeProgram("c", redis.url, ...admin);
    await Promise.all([a, b, c].map(({ sluice }) => sluice.port()));
    const tunnel = await b.sluice.openTunnel(echo.addr);
    const isReady = async () =>
      (await b.nodes()).map(({ open }) => open).join() === "0,0,1";
    assert(await eventually(isReady));
    const [atA, atB, atC] = (await Promise.all([a.admin, b.admin, c.admin]))
      .map((url) => url.replace("http://", "")) as [string, string, string];

    const [text, json, unknown, forbidden] = await Promise.all([
      commands.run(["fleet", "status", atA]),
      commands.run(["fleet", "status", "--json", atB]),
      commands.run(["fleet", "drain", "web-c", atB]),
      commands.run(["fleet", "drain", "web-b", atA]),
    ]);
    assertEquals([text.code, text.stderr], [0, ""]);
    const [summary, empty, heading, ofA, ofC, ofB] = text.text.split("\n");
    assertMatch(summary!, /^3 nodes, 1 open, .*\/s up, .*\/s down$/);
    assertEquals(empty, "");
    assertMatch(heading!, /^NODE +STATE +VERSION +AGE +CPU +OPEN +UP\/S/);
    assertMatch(ofA!, /^a +observes +\d\S+ +\S+ m?s +\d+% +0 /);
    assertMatch(ofC!, /^c +serves +\d\S+ +\S+ m?s +\d+% +0 /);
    assertMatch(ofB!, /^web-b +serves +\d\S+ +\S+ m?s +\d+% +1 /);
    for (const line of text.text.split("\n")) assert(line.length <= 80, line);
    assertEquals([json.code, json.stderr], [0, ""]);
    const { node, role, nodes } = JSON.parse(json.text) as FleetAnswer;
    assertEquals([node, role, nodes.length], ["web-b", "member", 3]);
    assertEquals([unknown.code, unknown.stderr], [
      1,
      "sluice: No node is named 'web-c'; sluice fleet status lists them\n",
    ]);
    assertEquals(forbidden.code, 1);
    assertMatch(forbidden.stderr, /Not done: .*This node only observes/);

    const own = await commands.run(["fleet", "drain", "c", atC, "--wait"]);
    assertEquals([own.code, own.stderr], [0, ""]);
    assertMatch(own.text, /\nc ended after \d/);
    assertEquals(await c.sluice.code(), 0);

    await using watch = new RunningProgram(
      spawnSluice(["fleet", "status", "--watch", "--interval=1s", atA], {
        stdout: "null",
      }),
    );
    const late = await commands.run(
      ["fleet", "drain", "web-b", atB, "--wait", "--timeout=1s"],
    );
    assertEquals(late.code, 1);
    assertEquals(late.text, "web-b drains; 1 connection open\n");
    assertMatch(late.stderr, /web-b has not ended in 1(\.\d+)?s?.*; 1 conn/);
    const draining = await commands.run(["fleet", "status", atB]);
    assertMatch(draining.text, /^2 nodes, 1 draining, 1 open/);
    watch.kill("SIGINT");
    assertEquals(await watch.code(), 130);
    const ended = await commands.run(["fleet", "drain", "a", atB, "--wait"]);
    assertEquals([ended.code, ended.stderr], [0, ""]);
    assertMatch(
      ended.text,
      /^a drains; 0 connections open\na ended after \d\S*( \S+)?\n$/,
    );
    assertEquals(await a.sluice.code(), 0);
    await b.sluice.line(/Admin: asked node \w+: POST \/api\/drain$/);
    await a.sluice.line(/Admin of node web-b: the drain begins$/);
    tunnel.close();
    assertEquals(await b.sluice.code(), 0);
    const gone = await commands.run(["fleet", "status", atB]);
    assertEquals(gone.code, 1);
    assertMatch(
      gone.stderr,
      /^sluice: Cannot read the admin API of 127\.0\.0\.1:\d+: /,
    );
  },
});

Deno.test("sluice fleet status says when the server is in no fleet", async () => {
  await using admin = await startTestAdmin();
  const { code, stderr } = await commands.run(["fleet", "status", admin.host]);
  assertEquals([code, stderr], [
    1,
    `sluice: Cannot ask ${admin.host} for its fleet: ` +
    "This program is not part of a fleet (option --fleet)\n",
  ]);
});
