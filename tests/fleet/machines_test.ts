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
import { assertSoon } from "../support/time.ts";
import { carry, whenCut } from "../support/traffic.ts";
import { userDialogue } from "../support/usage.ts";
import { tryPassword } from "../support/users.ts";

const KB = 1_000;

/** Users who use up a quota, one for each attempt. */
const SPENDERS = ["alice", "ann", "amy"] as const;

/** A machine as a program of its own. */
class Machine extends Sluice {
  constructor(env: Record<string, string>, ...args: string[]) {
    super(
      { env },
      ...[...SPENDERS, "bob", "eve"].flatMap((name) => [
        ...["--user", `${name}:${name}`],
      ]),
      ...["--quota-per-user", "600KB", "--ban-after", "6"],
      ...["--ban-time", "3s", ...args],
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

  /** Logs in once a ban is over. */
  async logInInTime(user: string): Promise<void> {
    assert(await eventually(() => this.logIn(user, user), 20_000));
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
    "three programs with clocks 5 s apart share quotas and bans, also when one is killed or suspended",
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

    const open: Deno.Conn[] = [];
    async function tunnel(machine: Machine, user: string) {
      const { conn, reply } = await machine.tunnel(user, target.addr);
      assertEquals(reply, 0);
      open.push(conn);
      return conn;
    }
    await assertSoon(2_000, async (n) => {
      // Each machine carries 100 KB in both directions: 600 KB in all.
      const conns = await Promise.all(
        all.map((one) => tunnel(one, SPENDERS[n]!)),
      );
      await Promise.all(conns.map((conn) => carry(conn, 100 * KB)));
      const used = performance.now();
      const ends = await within(10_000, Promise.all(conns.map(whenCut)));
      return Math.max(...ends) - used;
    });

    // The counts of a killed machine stay, and its successor adds to them.
    const ofB = await tunnel(b, "bob");
    await carry(ofB, 100 * KB);
    const key = await redis.cli("KEYS", "*:quota:proxy-1:????-??-??");
    const total = () => redis.cli("HGET", key, "bob");
    assert(await eventually(async () => await total() === `${200 * KB}`));
    b.kill("SIGKILL");
    await using successor = start("b");
    const ofSuccessor = await tunnel(successor, "bob");
    await carry(ofSuccessor, 100 * KB);
    assert(await eventually(async () => await total() === `${400 * KB}`));

    // A suspended machine learns afterwards that the quota is used up.
    const ofA = await tunnel(a, "bob");
    a.kill("SIGSTOP");
    const ofC = await tunnel(c, "bob");
    await carry(ofC, 100 * KB);
    await within(10_000, Promise.all([ofC, ofSuccessor].map(whenCut)));
    a.kill("SIGCONT");
    await within(10_000, whenCut(ofA));

    const living = [a, successor, c];
    const isBanned = async (one: Machine) => !await one.logIn("eve", "eve");
    await assertSoon(1_000, async (n) => {
      if (n > 0) await Promise.all(living.map((one) => one.logInInTime("eve")));
      for (const one of [...living, ...living]) {
        assert(!await one.logIn("nobody", "wrong"));
      }
      const banned = performance.now();
      const seen = await Promise.all(
        living.map((one) => eventually(() => isBanned(one))),
      );
      // One that hears of a ban too late may find that it is over.
      return seen.includes(false) ? Infinity : performance.now() - banned;
    });
    // The machine whose failure reached Redis last began the ban, and the others
    // name it. Clients may get their answers in another order.
    const lines = await Promise.all(
      living.map((one) => one.line(/ banned +127\.0\.0\.1 for 3s/)),
    );
    const deciders = lines.map((line) => /\(from (\w+)\)/.exec(line)?.[1]);
    const own = deciders.indexOf(undefined);
    const expected = deciders.map((_, at) =>
      at === own ? undefined : ["a", "b", "c"][own]
    );
    assertEquals(deciders, expected);
    for (const conn of open) conn.close();
  },
});
