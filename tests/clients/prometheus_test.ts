import { assert, assertEquals } from "@std/assert";
import { startForward } from "../support/forward.ts";
import { Bans } from "../../lib/policy/users/bans.ts";
import { eventually } from "../support/dialogue.ts";
import { startTestAdmin, type TestAdmin, watched } from "../support/admin.ts";
import {
  cleanEnvironment,
  makeFolder,
  runOk,
  testPrograms,
} from "../support/programs.ts";
import { openTunnel, startTestProxy } from "../support/proxy.ts";
import {
  closedPort,
  readExactly,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";

/** Makes every figure have a value, and leaves two tunnels open. */
async function withTraffic(
  admin: TestAdmin,
  use: () => Promise<void>,
): Promise<void> {
  await using echo = startEcho();
  const { registry } = admin;
  await using test = await startTestProxy({ host: watched(registry) });
  const endpoint = { host: "127.0.0.1", port: echo.addr.port };
  const relay = await startForward({
    routes: [{
      listen: { host: "127.0.0.1", port: 0 },
      upstreams: [{ endpoint, weight: 1, isBackup: false, isTls: false }],
    }],
    host: watched(registry),
  });
  const bans = new Bans({ after: 1 });
  bans.fail("192.0.2.1", "alice");
  registry.showBans(bans);
  try {
    const nowhere = { hostname: "127.0.0.1", port: closedPort() };
    await openTunnel(test, nowhere).catch(() => {});
    await within(5_000, test.whenEnded(1));
    using tunnel = await openTunnel(test, echo.addr);
    const { port } = relay.listeners[0]!.addr;
    using relayed = await Deno.connect({ hostname: "127.0.0.1", port });
    for (const conn of [tunnel, relayed]) {
      await writeAll(conn, new Uint8Array(1_000));
      await readExactly(conn, 1_000);
    }
    await use();
  } finally {
    await relay.shutdown(0);
  }
}

testPrograms({
  name: "promtool finds nothing to say about the figures",
  needs: ["promtool"],
  async fn({ promtool }) {
    await using admin = await startTestAdmin();
    await withTraffic(admin, async () => {
      const { text } = await admin.ask("GET", "/metrics");
      const said = await runOk(promtool, ["check", "metrics"], { stdin: text });
      assertEquals(said, "");
    });
  },
});

testPrograms({
  name: "Prometheus scrapes the figures, with the token",
  needs: ["prometheus", "promtool"],
  async fn({ prometheus, promtool }) {
    await using folder = await makeFolder();
    await using admin = await startTestAdmin({ token: TOKEN });
    const config = `${folder.path}/prometheus.yml`;
    await Deno.writeTextFile(`${folder.path}/token`, TOKEN);
    await Deno.writeTextFile(config, configFor(admin.host));
    await runOk(promtool, ["check", "config", config]);
    const port = closedPort();
    const child = new Deno.Command(prometheus, {
      args: [
        `--config.file=${config}`,
        `--storage.tsdb.path=${folder.path}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      clearEnv: true,
      env: cleanEnvironment(),
      stdout: "null",
      stderr: "null",
    }).spawn();
    try {
      await withTraffic(admin, async () => {
        const bytes = await within(
          20_000,
          query(port, 'sluice_bytes_total{direction="sent"}'),
        );
        assertEquals(bytes, ["1000", "1000"]);
        assertEquals(await query(port, "sluice_bans"), ["1"]);
        const quantile =
          "histogram_quantile(0.5, sluice_dial_duration_seconds_bucket)";
        const [value] = await query(port, quantile);
        assert(Number(value) > 0, value);
      });
    } finally {
      child.kill("SIGTERM");
      await child.status;
    }
  },
});

function configFor(host: string): string {
  return `
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: sluice
    authorization:
      credentials_file: token
    static_configs:
      - targets: ["${host}"]
`;
}

/** Asks until there is an answer; gives its values, sorted. */
async function query(port: number, expression: string): Promise<string[]> {
  const url = new URL(`http://127.0.0.1:${port}/api/v1/query`);
  url.searchParams.set("query", expression);
  let values: string[] = [];
  const isThere = async () => (values = await ask(url)).length > 0;
  assert(await eventually(isThere, 60_000), `nothing for ${expression}`);
  return values;
}

async function ask(url: URL): Promise<string[]> {
  try {
    const response = await fetch(url);
    if (!response.ok) return await response.text().then(() => []);
    const { data } = await response.json();
    return data.result.map(({ value }: { value: [number, string] }) => value[1])
      .toSorted();
  } catch {
    return []; // It does not listen yet.
  }
}
