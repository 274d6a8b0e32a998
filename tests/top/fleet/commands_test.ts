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
  name: "sluice fleet status and drain show and end nodes of a fleet",
  needs: ["redis-server"],
  async fn({ "redis-server": path }) {
    await using redis = await startRedis(path);
    await using echo = startEcho();
    const admin = ["--admin", "127.0.0.1:0"];
    await using a = new FleetNodeProgram(
      ...["a", redis.url, "--fleet-role=observer", ...admin] as const,
    );
    await using b = new FleetNodeProgram("web-b", redis.url, ...admin);
    await Promise.all([a, b].map(({ sluice }) => sluice.port()));
    const tunnel = await b.sluice.openTunnel(echo.addr);
    const isReady = async () =>
      (await b.nodes()).map(({ open }) => open).join() === "0,1";
    assert(await eventually(isReady));
    const [atA, atB] = (await Promise.all([a.admin, b.admin]))
      .map((url) => url.replace("http://", "")) as [string, string];

    const [text, json, unknown, forbidden] = await Promise.all([
      commands.run(["fleet", "status", atA]),
      commands.run(["fleet", "status", "--json", atB]),
      commands.run(["fleet", "drain", "web-c", atB]),
      commands.run(["fleet", "drain", "web-b", atA]),
    ]);
    assertEquals([text.code, text.stderr], [0, ""]);
    const [summary, empty, heading, ofA, ofB] = text.text.split("\n");
    assertMatch(summary!, /^2 nodes, 1 open, .*\/s up, .*\/s down$/);
    assertEquals(empty, "");
    assertMatch(heading!, /^NODE +STATE +VERSION +AGE +CPU +OPEN +UP\/S/);
    assertMatch(ofA!, /^a +observes +\d\S+ +\S+ m?s +\d+% +0 /);
    assertMatch(ofB!, /^web-b +serves +\d\S+ +\S+ m?s +\d+% +1 /);
    for (const line of text.text.split("\n")) assert(line.length <= 80, line);
    assertEquals([json.code, json.stderr], [0, ""]);
    const { node, role, nodes } = JSON.parse(json.text) as FleetAnswer;
    assertEquals([node, role, nodes.length], ["web-b", "member", 2]);
    assertEquals([unknown.code, unknown.stderr], [
      1,
      "sluice: No node is named 'web-c'; sluice fleet status lists them\n",
    ]);
    assertEquals(forbidden.code, 1);
    assertMatch(forbidden.stderr, /Not done: .*This node only observes/);

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
    tunnel.close();
    assertEquals(await b.sluice.code(), 0);
    watch.kill("SIGINT");
    assertEquals(await watch.code(), 130);
    const gone = await commands.run(["fleet", "status", atB]);
    assertEquals(gone.code, 1);
    assertMatch(
      gone.stderr,
      /^sluice: Cannot read the admin API of 127\.0\.0\.1:\d+: /,
    );
  },
});

testPrograms({
  name: "sluice fleet drain --wait returns when the node has ended",
  needs: ["redis-server"],
  async fn({ "redis-server": path }) {
    await using redis = await startRedis(path);
    const admin = ["--admin", "127.0.0.1:0"];
    await using a = new FleetNodeProgram("a", redis.url, ...admin);
    await using b = new FleetNodeProgram("b", redis.url, ...admin);
    await Promise.all([a, b].map(({ sluice }) => sluice.port()));
    assert(await eventually(async () => (await a.nodes()).length === 2));
    const at = (await a.admin).replace("http://", "");
    const ended = await commands.run(["fleet", "drain", "b", at, "--wait"]);
    assertEquals([ended.code, ended.stderr], [0, ""]);
    assertMatch(
      ended.text,
      /^b drains; 0 connections open\nb ended after \d\S*( \S+)?\n$/,
    );
    assertEquals(await b.sluice.code(), 0);
    const own = await commands.run(["fleet", "drain", "a", at, "--wait"]);
    assertEquals([own.code, own.stderr], [0, ""]);
    assertMatch(own.text, /\na ended after \d/);
    assertEquals(await a.sluice.code(), 0);
    await a.sluice.line(/Admin: asked node \w+: POST \/api\/drain$/);
    await b.sluice.line(/Admin of node a: the drain begins$/);
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
