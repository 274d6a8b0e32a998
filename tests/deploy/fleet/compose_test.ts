import { assert, assertEquals, assertGreater } from "@std/assert";
import { PROXY_OPTIONS } from "../../../lib/proxy/options.ts";
import { eventually } from "../../support/dialogue.ts";
import { hashedUser, lineOf } from "../../support/users.ts";
import { testPrograms } from "../../support/programs.ts";
import {
  readExactly,
  startEcho,
  within,
  writeAll,
} from "../../support/sockets.ts";
import { openLoadTunnel, startSteadyLoad } from "../../support/steady_load.ts";
import { NODES, readCompose, readHaproxy, Topology } from "./topology.ts";

/** Connections a second. */
const RATE = 20;

/** Tunnels that are being opened at once. */
const BUSY = 10;

/** Tunnels that are open when a node is told to stop. */
const TUNNELS = 40;

Deno.test("compose.yaml and haproxy.cfg name the same addresses", async () => {
  const { networks, services } = await readCompose();
  const haproxy = await readHaproxy();
  const [{ subnet }] = networks.fleet.ipam.config;
  const network = subnet.replace(/\.0\/24$/, ".");
  for (const { networks: { fleet } } of Object.values(services)) {
    assert(fleet.ipv4_address.startsWith(network));
  }
  const servers = [...haproxy.matchAll(/^ +server (\S+) (\S+)$/gm)];
  assertEquals(
    servers.map(([, name, address]) => [name, address]),
    NODES.map((name) => [
      name,
      `${services[name]!.networks.fleet.ipv4_address}:1080`,
    ]),
  );
  const { command } = services["sluice1"]!;
  const balancer = services["haproxy"]!.networks.fleet.ipv4_address;
  assert(command!.includes(`--accept-proxy-from=${balancer}`));
});

Deno.test("compose.yaml has options that exist, and gives the drain its time", async () => {
  const { services } = await readCompose();
  for (const name of NODES) {
    const { command, stop_grace_period: grace } = services[name]!;
    const values = Object.fromEntries(
      command!.map((word) => word.slice(2).split("=")),
    );
    for (const option of Object.keys(values)) {
      assert(Object.hasOwn(PROXY_OPTIONS, option), option);
    }
    const seconds = (text: string) => Number(/^(\d+)s$/.exec(text)![1]);
    const needed = seconds(values["drain-delay"]) +
      seconds(values["drain-timeout"]);
    assertGreater(seconds(grace!), needed);
    // Two checks of HAProxy, 2 s apart.
    assertGreater(seconds(values["drain-delay"]), 4);
  }
});

testPrograms({
  name:
    "a rolling restart of the fleet in compose.yaml loses no connection and no count",
  needs: ["haproxy", "redis-server"],
  async fn({ haproxy, "redis-server": redis }) {
    await using echo = startEcho();
    const users = lineOf(await hashedUser("alice", "secret"));
    await using fleet = await Topology.start(
      { haproxy, "redis-server": redis },
      {
        users,
        args: [
          ...["--allow-private", "--drain-delay=3s"],
          ...["--shutdown-grace=1m", "--drain-timeout=5m"],
        ],
      },
    );
    const client = {
      hostname: fleet.addressOf("haproxy"),
      login: ["alice", "secret"] as const,
    };
    // A few at once: a node that has just started checks each password.
    const openTunnels = async () => {
      const opened: Deno.TcpConn[] = [];
      const openSome = async () => {
        while (opened.length + BUSY <= TUNNELS) {
          opened.push(await openLoadTunnel(1080, echo.addr, client));
        }
      };
      await Promise.all(Array.from({ length: BUSY }, openSome));
      return opened;
    };
    await using load = startSteadyLoad({
      ports: [1080],
      target: echo.addr,
      rate: RATE,
      client,
    });
    for (const name of NODES) {
      const tunnels = await openTunnels();
      const node = fleet.node(name);
      node.kill("SIGTERM");
      await node.line(/"code":"stopping"/);
      await load.more(RATE / 2);
      for (const conn of tunnels) {
        await echoOnce(conn);
        conn.close();
      }
      assertEquals(await node.code(), 0, `${name} cut connections`);
      await fleet.startNode(name);
      await load.more(RATE / 2);
    }
    const { failures, served } = await load.finish();
    assertEquals(failures, []);
    assertGreater(served, NODES.length * RATE - 1);
    // Each connection has carried a byte and its echo.
    const moved = 2 * (served + NODES.length * TUNNELS);
    let counted = -1;
    const isCounted = async () => (counted = await countOf(fleet)) === moved;
    assert(await eventually(isCounted, 10_000), `${counted} of ${moved} bytes`);
  },
});

/** What the fleet has counted for Alice; the test may run past midnight. */
async function countOf(fleet: Topology): Promise<number> {
  const keys = (await fleet.redis("KEYS", "*:quota:proxy-1:*")).split("\n")
    .filter((key) => /:quota:proxy-1:[^:]+$/.test(key));
  const counts = await Promise.all(
    keys.map((key) => fleet.redis("HGET", key, "alice")),
  );
  return counts.reduce((sum, count) => sum + Number(count), 0);
}

async function echoOnce(conn: Deno.TcpConn): Promise<void> {
  await writeAll(conn, [7]);
  assertEquals(await within(10_000, readExactly(conn, 1)), Uint8Array.of(7));
}
