import { assertEquals } from "@std/assert";
import { knowDescriptorLimit } from "../../../lib/net/system/descriptors.ts";
import { knowMemoryLimit } from "../../../lib/serve/limits/memory_plan.ts";
import { ALONE } from "../../../lib/serve/server_host.ts";
import { openPlaces } from "../../../lib/serve/limits/places.ts";
import { MOST_REFUSED } from "../../../lib/policy/limits/connection_limits.ts";

/** Room for 100 descriptors beside the 40 that are kept for the program. */
function limitTo(descriptors: number | undefined): void {
  knowMemoryLimit(undefined);
  knowDescriptorLimit(descriptors);
}

Deno.test("openPlaces() allows the configured connections, up to the descriptors", () => {
  limitTo(140);
  const cases = [
    [{}, {}, 50],
    [{ maxConnections: 7 }, {}, 7],
    [{ maxConnections: 70 }, {}, 50],
    [{}, { perConnection: 1 }, 100],
    [{}, { besides: 60 }, 20],
    [{ maxConnections: 7 }, { tellsRefused: true }, 50],
  ] as const;
  for (const [config, options, slots] of cases) {
    assertEquals(openPlaces(config, options).listening.slots, slots);
  }
  limitTo(undefined);
  assertEquals(openPlaces({}).listening.slots, 20_000);
  const told = openPlaces({ maxConnections: 7 }, { tellsRefused: true });
  assertEquals(told.listening.slots, 7 + MOST_REFUSED);
});

Deno.test("openPlaces() limits each client of a public listener", () => {
  limitTo(undefined);
  const both = (maxConnectionsPerClient?: number) =>
    [true, false].map(openPlaces({ maxConnectionsPerClient }).perClient);
  assertEquals(both(), [1_000, 0]);
  assertEquals(both(3), [3, 3]);
  assertEquals(both(0), [0, 0]);
});

Deno.test("openPlaces() has the program keep the count", () => {
  limitTo(undefined);
  const kept: unknown[] = [];
  const host = {
    ...ALONE,
    keep<T extends object>(what: string, settings: unknown, make: () => T): T {
      kept.push([what, settings]);
      return make();
    },
  };
  openPlaces({ host, maxConnections: 9 });
  assertEquals(kept, [["connections", [9, 9]]]);
});
