import { assert, assertEquals } from "@std/assert";
import { makeTestAuthority } from "../support/certificates.ts";
import { blocksOf } from "../support/documents.ts";
import { joinFleet } from "../support/fleet_member.ts";
import { testPrograms } from "../support/programs.ts";
import { startRedis, startWatchedRedis } from "../support/redis.ts";

testPrograms({
  name: "a fleet survives the failover that its Sentinel makes",
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
    "a fleet reaches Redis over TLS with a certificate of its own, as the user of the manual",
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
    // Without its authority, and without the certificate that Redis wants.
    for (const args of [own, ca]) {
      await using other = await joinFleet(url, args);
      assert(!other.view.isUp);
    }
    assertEquals(await redis.cli("ACL", "LOG"), "");
  },
});

testPrograms({
  name: "a fleet reaches Redis over its Unix socket, in a database of its own",
  needs: ["redis-server"],
  async fn(paths) {
    await using redis = await startRedis(paths["redis-server"]);
    await using member = await joinFleet(`unix:${redis.path}?db=3`);
    assert(member.view.isUp);
    const key = "sluice:1:{sluice}:nodes";
    assertEquals(await redis.cli("-n", "3", "ZCARD", key), "1");
  },
});
