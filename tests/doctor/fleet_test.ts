import { assertEquals } from "@std/assert";
import { parseOptions } from "../../lib/cli/parse_options.ts";
import { examineFleet, fleetNeeds } from "../../lib/doctor/fleet.ts";
import { FLEET_OPTIONS } from "../../lib/serve/options/fleet.ts";
import { parseRedisUrl } from "../../lib/wire/redis_url.ts";
import { closedPort } from "../support/sockets.ts";

Deno.test("fleetNeeds() names the hosts and paths of each kind of Redis", () => {
  const cases = [
    ["redis://10.0.0.5", { paths: [], hosts: ["10.0.0.5:6379"] }],
    ["redis://db.example", { paths: [], hosts: undefined }],
    ["redis+sentinel://10.0.0.5/main", { paths: [], hosts: undefined }],
    ["unix:/run/r.sock", {
      paths: ["/run/r.sock"],
      hosts: ["unix:/run/r.sock"],
    }],
  ] as const;
  for (const [url, needs] of cases) {
    assertEquals<unknown>(fleetNeeds(parseRedisUrl(url)), needs, url);
  }
  assertEquals(fleetNeeds(undefined), { paths: [], hosts: [] });
});

Deno.test("examineFleet() says what a start without Redis would do", async () => {
  assertEquals(await examineFleet(undefined), []);
  const url = `redis://127.0.0.1:${closedPort()}`;
  const levels = await Promise.all(["keep", "refuse"].map(async (onLoss) => {
    const options = await parseOptions(
      ["--fleet", url, "--fleet-on-loss", onLoss],
      FLEET_OPTIONS,
    );
    const [finding] = await examineFleet(options);
    assertEquals(
      finding!.message,
      `Redis at ${url}: connection refused (ECONNREFUSED)`,
    );
    return finding!.level;
  }));
  assertEquals(levels, ["warning", "problem"]);
});
