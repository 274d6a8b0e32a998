import { assert, assertEquals } from "@std/assert";
import { eventually } from "../support/dialogue.ts";
import { testPrograms } from "../support/programs.ts";
import { readReply } from "../support/proxy.ts";
import { startRedis } from "../support/redis.ts";
import { Sluice } from "../support/sluice.ts";
import {
  readExactly,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";
import { carry, whenCut } from "../support/traffic.ts";
import { userDialogue } from "../support/usage.ts";
import { tryPassword } from "../support/users.ts";

const KB = 1_000;

/** A machine as a program of its own. */
class Machine extends Sluice {
  constructor(env: Record<string, string>, ...args: string[]) {
    super(
      { env },
      ...["--user", "alice:alice", "--user", "bob:bob", "--user", "eve:eve"],
      ...["--quota-per-user", "600KB", "--ban-after", "6", ...args],
    );
  }

  async tunnel(user: string, target: Deno.NetAddr) {
    const conn = await this.connect();
    await writeAll(conn, userDialogue(user, target));
    await within(10_000, readExactly(conn, 4));
    const { reply } = await within(10_000, readReply(conn));
    return { conn, reply };
  }

  async logIn(user: string, password: string): Promise<boolean> {
    using conn = await this.connect();
    return await tryPassword(conn, user, password) === 0;
  }
}

/** A machine whose clock is wrong by seconds. */
function wrongClock(library: string, seconds: string): Record<string, string> {
  return {
    LD_PRELOAD: library,
    FAKETIME: seconds,
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  };
}

testPrograms({
  name:
    "three machines with clocks 5 s apart count together, through death and isolation",
  needs: ["redis-server", "faketime"],
  async fn(paths) {
    await using redis = await startRedis(paths["redis-server"]);
    await using target = startEcho();
    const start = (name: string, env = {}, ...rest: string[]) =>
      new Machine(env, "--fleet", redis.url, "--fleet-node", name, ...rest);
    const { faketime } = paths;
    await using a = start("a", wrongClock(faketime, "+5s"));
    await using b = start("b", wrongClock(faketime, "-5s"));
    await using c = start("c", {}, "--workers", "2");
    const all = [a, b, c];
    await Promise.all(all.map((one) => one.port()));

    // 100 KB each way on each of the three are the quota.
    const tunnels = await Promise.all(
      all.map((one) => one.tunnel("alice", target.addr)),
    );
    const conns = tunnels.map(({ conn }) => conn);
    await Promise.all(conns.map((conn) => carry(conn, 100 * KB)));
    const used = performance.now();
    const ends = await within(10_000, Promise.all(conns.map(whenCut)));
    for (const end of ends) assert(end - used < 2_000, `${end - used} ms`);

    // A machine that dies has told what it counted; its successor adds to it.
    const { conn: ofB } = await b.tunnel("bob", target.addr);
    await carry(ofB, 100 * KB);
    const key = await redis.cli("KEYS", "*:quota:proxy-1:????-??-??");
    const total = () => redis.cli("HGET", key, "bob");
    assert(await eventually(async () => await total() === `${200 * KB}`));
    b.kill("SIGKILL");
    await using successor = start("b");
    const { conn: ofSuccessor } = await successor.tunnel("bob", target.addr);
    await carry(ofSuccessor, 100 * KB);
    assert(await eventually(async () => await total() === `${400 * KB}`));

    // One that was cut off learns of it as soon as it can.
    const { conn: ofA } = await a.tunnel("bob", target.addr);
    a.kill("SIGSTOP");
    const { conn: ofC } = await c.tunnel("bob", target.addr);
    await carry(ofC, 100 * KB);
    await within(2_000, Promise.all([ofC, ofSuccessor].map(whenCut)));
    a.kill("SIGCONT");
    await within(2_000, whenCut(ofA));

    const living = [a, successor, c];
    for (const one of [...living, ...living]) {
      assert(!await one.logIn("nobody", "wrong"));
    }
    const banned = performance.now();
    for (const one of living) {
      assert(await eventually(async () => !await one.logIn("eve", "eve")));
    }
    assert(performance.now() - banned < 1_000);
    const lines = await Promise.all(
      living.map((one) => one.line(/ banned +127\.0\.0\.1 for 1m/)),
    );
    assertEquals(lines.map((line) => /\(from (\w+)\)/.exec(line)?.[1]), [
      ...["c", "c", undefined],
    ]);
    for (const conn of [...conns, ofA, ofB, ofC, ofSuccessor]) conn.close();
  },
});
