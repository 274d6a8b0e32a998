import { assertEquals, assertGreater, assertLess } from "@std/assert";
import {
  BALANCE_METHODS,
  Balancer,
  type BalancerOptions,
  type Candidate,
} from "../../../lib/policy/limits/balancer.ts";
import { UpstreamHealth } from "../../../lib/policy/limits/upstream_health.ts";
import { seededRandom } from "../../support/random.ts";

interface Upstream extends Candidate {
  connections: number;
}

function upstream(name: string, given: Partial<Upstream> = {}): Upstream {
  return {
    name,
    weight: 1,
    isBackup: false,
    connections: 0,
    health: new UpstreamHealth({ fall: 1, rise: 1, retryAfter: Infinity }),
    ...given,
  };
}

/** Counts how often each upstream is chosen. */
function count(
  candidates: Upstream[],
  options: BalancerOptions,
  times: number,
): Record<string, number> {
  const balancer = new Balancer(candidates, options);
  const counts: Record<string, number> = {};
  for (let n = 0; n < times; n++) {
    const { name } = balancer.choose(`192.0.2.${n}`)!;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

Deno.test("Balancer.choose() takes weighted turns without long runs", () => {
  const balancer = new Balancer([
    upstream("a", { weight: 5 }),
    upstream("b"),
    upstream("c"),
  ]);
  const turns = Array.from({ length: 14 }, () => balancer.choose("")!.name);
  assertEquals(turns.join(""), "aabacaaaabacaa");
});

Deno.test("Balancer.choose() returns the upstream with the fewest connections for its weight", () => {
  const a = upstream("a", { connections: 3, weight: 4 });
  const b = upstream("b", { connections: 1 });
  const balancer = new Balancer([a, b], { method: "least-connections" });
  assertEquals(balancer.choose("")!.name, "a");
  a.connections = 8;
  assertEquals(balancer.choose("")!.name, "b");
});

Deno.test("Balancer.choose() takes turns when connections are equal", () => {
  const counts = count(
    [upstream("a"), upstream("b"), upstream("c")],
    { method: "least-connections" },
    300,
  );
  assertEquals(counts, { a: 100, b: 100, c: 100 });
});

Deno.test("Balancer.choose() returns the better of two random upstreams", () => {
  const random = seededRandom(7);
  const even = [upstream("a", { weight: 2 }), upstream("b"), upstream("c")];
  const counts = count(even, { method: "random", random }, 3000);
  for (const name of ["a", "b", "c"]) assertGreater(counts[name]!, 150);
  assertGreater(counts["a"]!, counts["b"]!);
  even[0]!.connections = 100;
  const { a = 0 } = count(even, { method: "random", random }, 3000);
  assertEquals(a, 0);
});

Deno.test("Balancer.choose() keeps a client at its upstream, and moves only the clients of one that goes", () => {
  const names = ["a", "b", "c", "d"];
  const all = names.map((name) => upstream(name));
  const balancer = new Balancer(all, { method: "source" });
  const clients = Array.from({ length: 1000 }, (_, n) => `10.0.${n >> 8}.${n}`);
  const before = clients.map((client) => balancer.choose(client)!.name);
  const again = clients.map((client) => balancer.choose(client)!.name);
  assertEquals(again, before);
  all[1]!.health.fail();
  const after = clients.map((client) => balancer.choose(client)!.name);
  for (const [n, name] of before.entries()) {
    if (name !== "b") assertEquals(after[n], name);
    else assertEquals(after[n] === "b", false);
  }
  for (const name of names) {
    const share = before.filter((chosen) => chosen === name).length;
    assertGreater(share, 150);
    assertLess(share, 350);
  }
});

Deno.test("Balancer.choose() distributes sources by weight", () => {
  const counts = count(
    [upstream("a", { weight: 3 }), upstream("b")],
    { method: "source" },
    4000,
  );
  assertGreater(counts["a"]! / counts["b"]!, 2.5);
  assertLess(counts["a"]! / counts["b"]!, 3.5);
});

for (const method of BALANCE_METHODS) {
  Deno.test(`Balancer.choose() skips upstreams that are down or tried when the method is ${method}`, () => {
    const all = ["a", "b", "c"].map((name) => upstream(name));
    const balancer = new Balancer(all, { method });
    all[0]!.health.fail();
    for (let n = 0; n < 50; n++) {
      assertEquals(balancer.choose(`${n}`)!.name === "a", false);
      const one = balancer.choose(`${n}`, new Set([all[1]!]));
      assertEquals(one!.name, "c");
    }
    const tried = new Set([all[1]!, all[2]!]);
    assertEquals(balancer.choose("", tried), undefined);
  });

  Deno.test(`Balancer.choose() uses a backup only when no other is up and the method is ${method}`, () => {
    const main = upstream("main");
    const backup = upstream("backup", { isBackup: true });
    const balancer = new Balancer([backup, main], { method });
    assertEquals(balancer.choose("")!.name, "main");
    main.health.fail();
    assertEquals(balancer.choose("")!.name, "backup");
    main.health.succeed();
    assertEquals(balancer.choose("")!.name, "main");
    assertEquals(balancer.choose("", new Set([main]))!.name, "backup");
  });
}

Deno.test("Balancer.choose() retries an upstream that is down when its time has come", () => {
  const clock = { now: 0 };
  const now = () => clock.now;
  const down = upstream("down", {
    health: new UpstreamHealth({ fall: 1, retryAfter: 100, now }),
  });
  const balancer = new Balancer([down, upstream("up")], { now });
  down.health.fail();
  assertEquals(balancer.choose("")!.name, "up");
  clock.now = 100;
  assertEquals(balancer.choose("")!.name, "down");
  assertEquals(balancer.choose("")!.name, "up");
});

Deno.test("Balancer.choose() increases the share of an upstream that came up slowly", () => {
  const clock = { now: 0 };
  const now = () => clock.now;
  const options = { now, slowStart: 1000 };
  const fresh = upstream("fresh", {
    health: new UpstreamHealth({ fall: 1, rise: 1, now }),
  });
  const all = [fresh, upstream("old")];
  fresh.health.fail();
  fresh.health.succeed();
  const shares = [0, 500, 1000].map((time) => {
    clock.now = time;
    return count(all, options, 1100)["fresh"];
  });
  assertEquals(shares, [100, 367, 550]);
});

Deno.test("Balancer.choose() returns undefined when all are down", () => {
  const one = upstream("one");
  one.health.fail();
  assertEquals(new Balancer([one]).choose(""), undefined);
});
