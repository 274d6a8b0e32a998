import { assert, assertEquals } from "@std/assert";
import { KeptValues } from "../../lib/serve/kept_values.ts";

/** Makes objects that know what they were made for. */
const make = (settings: string, replaced?: string) => ({ settings, replaced });

Deno.test("KeptValues.take() gives the same value while its settings are the same", () => {
  const values = new KeptValues();
  const first = values.take({ what: "bans", given: { most: 1 }, make });
  const again = values.take({ what: "bans", given: { most: 1 }, make });
  assert(again === first);
  const other = values.take({ what: "limits", given: { most: 1 }, make });
  assert(other !== first);
});

Deno.test("KeptValues.take() makes another for other settings, and tells which it replaces", () => {
  const values = new KeptValues();
  values.take({ what: "bans", given: 1, make });
  const second = values.take({ what: "bans", given: 2, make });
  assertEquals(second, { settings: "2", replaced: "1" });
});

Deno.test("KeptValues.take() takes what others have kept, and keeps it itself", () => {
  const before = new KeptValues();
  const value = before.take({ what: "bans", given: 1, make });
  const after = new KeptValues();
  const taken = after.take({ what: "bans", given: 1, from: before, make });
  assert(taken === value);
  assert(after.take({ what: "bans", given: 1, make }) === value);
});
