import { assert, assertEquals, assertRejects } from "@std/assert";
import { connectRedis } from "../../lib/fleet/connect.ts";
import { RedisFault } from "../../lib/fleet/redis_fault.ts";
import { makeTestAuthority } from "../support/certificates.ts";
import { blocksOf } from "../support/documents.ts";
import { joinFleet } from "../support/fleet_member.ts";
import { testPrograms } from "../support/programs.ts";
import { startRedis, startWatchedRedis } from "../support/redis.ts";
import { startServer, writeAll } from "../support/sockets.ts";

testPrograms({
  name: "a machine follows its Redis through a failover by Sentinel",
  needs: ["redis-server"],
  async fn(paths) {
    await using redis = await startWatchedRedis(paths["redis-server"], "main");
    const { master, replica, sentinel } = redis;
    const url = `redis+sentinel://127.0.0.1:1,${sentinel}/main`;
    await using member = await joinFleet(url);
    assert(member.view.isUp);
    master.kill("SIGKILL");
    await member.message("fleet-back");
    assertEquals(member.codes, ["fleet-lost", "fleet-back"]);
    assertEquals(await replica.cli("ZCARD", "sluice:1:{sluice}:nodes"), "1");
  },
});

testPrograms({
  name:
    "a machine connects over TLS with a client certificate, as the Redis user in the manual",
  needs: ["redis-server"],
  async fn(paths) {
    await using files = await makeTestAuthority();
    const { path } = files;
    await using redis = await startRedis(paths["redis-server"], {
      isTls: true,
      config: [
        ...["save ''", `tls-cert-file ${path("server.crt")}`],
        `tls-key-file ${path("server.key")}`,
        `tls-ca-cert-file ${path("ca.crt")}`,
        blocksOf("redis user")[0]!.text.trim(),
      ],
    });
    const url = `rediss://sluice:PASSWORD@127.0.0.1:${redis.port}`;
    const ca = ["--fleet-ca", path("ca.crt")];
    const own = [
      ...["--fleet-cert", path("alice.crt")],
      ...["--fleet-key", path("alice.key")],
    ];
    await using member = await joinFleet(url, [...ca, ...own]);
    assert(member.view.isUp, member.messages.join());
    // One lacks the authority of Redis, the other a client certificate.
    for (const args of [own, ca]) {
      await using other = await joinFleet(url, args);
      assert(!other.view.isUp);
    }
    assertEquals(await redis.cli("ACL", "LOG"), "");
  },
});

testPrograms({
  name: "a machine connects over a Unix socket and selects a database",
  needs: ["redis-server"],
  async fn(paths) {
    await using redis = await startRedis(paths["redis-server"]);
    await using member = await joinFleet(`unix:${redis.path}?db=3`);
    assert(member.view.isUp);
    const key = "sluice:1:{sluice}:nodes";
    assertEquals(await redis.cliAs({ database: 3 }, "ZCARD", key), "1");
  },
});

Deno.test("connectRedis() fails when a server does not speak Redis's language", async () => {
  await using server = startServer((conn) =>
    writeAll(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
  );
  const { hostname: host, port } = server.addr;
  const place = { hosts: [{ host, port }], database: 0, isTls: false };
  await assertRejects(
    () => connectRedis({ place, tls: {}, timeout: 10_000, name: "test" }),
    RedisFault,
    "Unknown RESP type",
  );
});
