import { assertEquals } from "@std/assert";
import { SORT_NAMES } from "../../lib/top/sorts.ts";
import { takePicture } from "../../lib/top/picture.ts";
import { UNKNOWN } from "../../lib/top/inquiries.ts";
import { tick, topState, topTunnel } from "../support/top.ts";

const NONE = {
  share: undefined,
  talkers: UNKNOWN,
  failures: UNKNOWN,
  last: UNKNOWN,
};

const ALL = {
  filter: "",
  sort: "rate",
  isReversed: false,
  seconds: 1,
} as const;

function threeTunnels() {
  const state = topState([
    topTunnel(1, { user: "bob", client: "10.0.0.10:5", rule: "b", ageMs: 3e3 }),
    topTunnel(2, { user: "alice", client: "10.0.0.9:5", ageMs: 2e3 }),
    topTunnel(3, { target: "a.example:1", state: "closing", ageMs: 1e3 }),
  ]);
  tick(state, {
    changed: [[1, 100, 900, "open"], [2, 400, 200, "open"]],
  });
  return state;
}

Deno.test("takePicture() sorts by every order, in both directions", () => {
  const state = threeTunnels();
  const ids = (query: Partial<Parameters<typeof takePicture>[2]>) =>
    takePicture(state, NONE, { ...ALL, ...query }).tunnels
      .map(({ tunnel }) => tunnel.id);
  const orders = {
    rate: [1, 2, 3],
    up: [2, 1, 3],
    down: [1, 2, 3],
    total: [1, 2, 3],
    age: [1, 2, 3],
    user: [2, 1, 3], // Without a user last, in both directions.
    client: [2, 1, 3], // By value, not by digit.
    target: [3, 1, 2],
    rule: [1, 2, 3],
    state: [3, 1, 2],
  };
  for (const sort of SORT_NAMES) {
    assertEquals(ids({ sort }), orders[sort], sort);
  }
  assertEquals(ids({ sort: "age", isReversed: true }), [3, 2, 1]);
  assertEquals(ids({ sort: "user", isReversed: true }), [1, 2, 3]);
});

Deno.test("takePicture() lists the matching tunnels, and counts all", () => {
  const picture = takePicture(threeTunnels(), NONE, {
    ...ALL,
    filter: "user:bob",
  });
  assertEquals(picture.tunnels.map(({ tunnel }) => tunnel.id), [1]);
  assertEquals(picture.open, 3);
});

Deno.test("takePicture() averages rates over the seconds that have passed", () => {
  const state = threeTunnels();
  tick(state, { changed: [[1, 100, 1_000, "open"]] });
  const rates = (seconds: number) => {
    const { tunnels } = takePicture(state, NONE, { ...ALL, seconds });
    return tunnels.slice(0, 2).map(({ down, tunnel, up }) => [
      ...[tunnel.id, up, down],
    ]);
  };
  assertEquals(rates(1), [[1, 0, 100], [2, 0, 0]]);
  assertEquals(rates(2), [[1, 50, 500], [2, 200, 100]]);
  assertEquals(rates(60), [[1, 50, 500], [2, 200, 100]]);
});

Deno.test("takePicture() does not change with later events", () => {
  const state = threeTunnels();
  const picture = takePicture(state, NONE, ALL);
  tick(state, { changed: [[1, 5_000, 5_000, "open"]], gone: [2] });
  assertEquals(picture.tunnels.length, 3);
  assertEquals([picture.tunnels[0]!.sent, picture.open], [100, 3]);
});
