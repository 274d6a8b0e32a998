import { assert, assertEquals } from "@std/assert";
import { DECIDE, MOST_KEYS, parseState } from "../../lib/fleet/ban_script.ts";
import { Bans, type BanState } from "../../lib/policy/users/bans.ts";
import {
  type BanAction,
  decideBan,
} from "../../lib/policy/users/replicated_bans.ts";
import { testPrograms } from "../support/programs.ts";
import { seededRandom } from "../support/random.ts";
import { ScriptedRedis } from "../support/scripted_redis.ts";

const RULES = { after: 3, window: 100_000, time: 10_000, timeMax: 80_000 };

const KEYS = ["c", "cs", "u", "us", "state", "changes"];

/** The script of the fleet. */
class ScriptedBans {
  readonly #redis: ScriptedRedis;
  readonly #body: string;

  constructor(redis: ScriptedRedis, most = MOST_KEYS) {
    this.#redis = redis;
    this.#body = DECIDE.body.replaceAll(`${MOST_KEYS}`, `${most}`);
  }

  async decide(action: BanAction, age = 0) {
    const client = "client" in action ? action.client : "";
    const user = "user" in action ? action.user : "";
    const { after, time, timeMax, window } = RULES;
    const { now } = this.#redis;
    const reply = await this.#redis.run({ body: this.#body }, KEYS, [
      ...[action.act, client, user, age, after, window, time, timeMax],
      ...["proxy-1", "node", "id"],
    ]);
    const [ofClient, ofUser, ban, attack] = reply as (string | null)[];
    const begun = (said: string | null | undefined) => {
      if (!said) return undefined;
      const [duration, failures] = said.split(" ").map(Number);
      return { duration, failures };
    };
    return {
      ban: begun(ban),
      attack: begun(attack),
      states: [
        ...client === "" ? [] : [parseState(ofClient!, now)],
        ...user === "" ? [] : [parseState(ofUser!, now)],
      ],
    };
  }
}

/** What a state still does: the table forgets later than the script. */
function effectOf(state: BanState["state"]) {
  if (state === undefined) return undefined;
  const failures = state.failures.filter((age) => age < RULES.window);
  const until = Math.max(0, state.until);
  const periods = Math.floor(Math.max(0, -state.until) / RULES.timeMax);
  const level = Math.max(0, state.level - periods);
  if (failures.length === 0 && until === 0 && level === 0) return undefined;
  const failed = until === 0 ? 0 : state.failed;
  return { failures, until, level, failed };
}

testPrograms({
  name: "DECIDE decides as Bans does, in any order of events",
  needs: ["redis-server"],
  async fn(paths) {
    await using redis = await ScriptedRedis.start(paths["redis-server"]);
    let bansBegun = 0;
    let attacks = 0;
    for (let seed = 1; seed <= 6; seed++) {
      const random = seededRandom(seed);
      const table = new Bans({ ...RULES, now: () => redis.now });
      await redis.forget();
      const script = new ScriptedBans(redis);
      for (let step = 0; step < 250; step++) {
        redis.now += [0, 1, 3_000, 9_000, 40_000, 170_000][
          Math.floor(random() ** 2 * 6)
        ]!;
        const client = `192.0.2.${Math.floor(random() * 3)}`;
        const user = ["alice", "bob"][Math.floor(random() * 2)]!;
        const act = random();
        const action: BanAction = act < 0.85
          ? { act: "fail", client, user }
          : act < 0.93
          ? { act: "succeed", client }
          : act < 0.97
          ? { act: "lift", client }
          : { act: "calm", user };
        const expected = decideBan(table, action);
        const got = await script.decide(action);
        const { ban, attack } = expected.outcome ?? {};
        const what = `seed ${seed}, step ${step}: ${JSON.stringify(action)}`;
        assertEquals(
          got.ban,
          ban && { duration: ban.duration, failures: ban.failures },
          what,
        );
        assertEquals(
          got.attack,
          attack && { duration: attack.duration, failures: attack.failures },
          what,
        );
        assertEquals(
          got.states.map(effectOf),
          expected.states.map(({ state }) => effectOf(state)),
          what,
        );
        if (ban) bansBegun++;
        if (attack) attacks++;
      }
    }
    assert(bansBegun > 20 && attacks > 20, `${bansBegun}, ${attacks}`);
  },
});

testPrograms({
  name:
    "DECIDE counts an event that Redis hears late at the time when it happened",
  needs: ["redis-server"],
  async fn(paths) {
    await using redis = await ScriptedRedis.start(paths["redis-server"]);
    const script = new ScriptedBans(redis);
    const action: BanAction = {
      ...{ act: "fail", client: "192.0.2.1", user: "alice" },
    } as const;
    assertEquals((await script.decide(action, 2_000)).ban, undefined);
    assertEquals((await script.decide(action, 3_000)).ban, undefined);
    const { ban, states } = await script.decide(action, 1_000);
    assertEquals(ban, { duration: 10_000, failures: 3 });
    assertEquals(states[0]!.until, 9_000);
    // An event from before the window has no effect.
    const old = { act: "fail", client: "192.0.2.2", user: "bob" } as const;
    assertEquals((await script.decide(old, 200_000)).states, [
      ...[undefined, undefined],
    ]);
  },
});

testPrograms({
  name:
    "DECIDE bounds the number of clients and names, and keeps bans the longest",
  needs: ["redis-server"],
  async fn(paths) {
    await using redis = await ScriptedRedis.start(paths["redis-server"]);
    const script = new ScriptedBans(redis, 400);
    const banned = { act: "fail", client: "192.0.2.1", user: "a" } as const;
    for (let n = 0; n < 3; n++) await script.decide(banned);
    const others = Array.from({ length: 600 }, (_, n) => ({
      ...{ act: "fail", user: `u${n}` } as const,
      client: `2001:db8:0:${n.toString(16)}::`,
    }));
    await Promise.all(others.map((other) => script.decide(other)));
    for (const key of ["c", "cs", "u", "us"]) {
      const command = key.endsWith("s") ? "ZCARD" : "HLEN";
      const size = Number(await redis.send([command, key]));
      assert(size > 300 && size <= 400, `${key}: ${size}`);
      assert(Number(await redis.send(["PTTL", key])) > 1_000);
    }
    assertEquals(await redis.send(["HEXISTS", "c", "192.0.2.1"]), 1);
  },
});
