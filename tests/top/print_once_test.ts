import { assertEquals, assertMatch } from "@std/assert";
import { startTestAdmin, watched } from "../support/admin.ts";
import { startHttp } from "../support/programs.ts";
import { openTunnel, startTestProxy } from "../support/proxy.ts";
import { sharedCommands } from "../support/sluice_commands.ts";
import { readExactly, startEcho, writeAll } from "../support/sockets.ts";
import { topStatus } from "../support/top.ts";

const TOKEN = "correct-horse-battery-staple";

const commands = sharedCommands();

function once(...words: string[]) {
  const args = ["top", "--once", "--interval", "1s", ...words];
  return commands.run({ args, env: { SLUICE_ADMIN_TOKEN: TOKEN } });
}

Deno.test("sluice top --once prints a picture, for people and for programs", async () => {
  await using admin = await startTestAdmin({ token: TOKEN });
  await using echo = startEcho();
  await using test = await startTestProxy({ host: watched(admin.registry) });
  using conn = await openTunnel(test, echo.addr);
  using _other = await openTunnel(test, echo.addr);
  await writeAll(conn, new Uint8Array(3_000));
  await readExactly(conn, 3_000);
  const { port } = conn.localAddr as Deno.NetAddr;
  const text = await once(admin.host);
  const json = await once("--json", "--filter", `client:${port}`, admin.host);
  assertEquals([text.code, text.stderr], [0, ""]);
  const lines = text.text.split("\n");
  assertMatch(lines[0]!, /^Sluice \d\S+ .* up \d+s +live$/);
  assertMatch(lines[1]!, /^Open 2 {3}new \S+\/s {3}up \d+ B\/s/);
  assertMatch(lines[4]!, /^USER +CLIENT +TARGET +RULE +STATE/);
  const rows = lines.slice(5, -1);
  assertEquals(rows.length, 2);
  for (const row of rows) {
    assertMatch(row, /^– +127\.0\.0\.1:\d+ +127\.0\.0\.1:\d+ +– +open /);
  }
  assertEquals([json.code, json.stderr], [0, ""]);
  const picture = JSON.parse(json.text);
  assertEquals(
    [picture.admin, picture.open, picture.matching, picture.failureShare],
    [admin.host, 2, 1, null],
  );
  assertEquals(Object.keys(picture.rates), ["up", "down", "opened"]);
  assertEquals(picture.talkers, []);
  const [tunnel] = picture.tunnels;
  assertEquals(
    [tunnel.client, tunnel.sent, tunnel.received, tunnel.sentRate],
    [`127.0.0.1:${port}`, 3_000, 3_000, 0],
  );
});

Deno.test("sluice top --once fails when the server ends", async () => {
  await using server = startHttp(({ url }) =>
    new URL(url).pathname === "/api/status"
      ? Response.json(topStatus())
      : new Response("")
  );
  const address = `127.0.0.1:${server.addr.port}`;
  const { code, stderr, text } = await once(address);
  assertEquals([code, text], [1, ""]);
  assertEquals(
    stderr,
    `sluice: Lost ${address}: the server closed the stream\n`,
  );
});
