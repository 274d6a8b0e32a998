import { assertEquals } from "@std/assert";
import { WorkerHost } from "../../lib/workers/host.ts";

const SHAPE = { capacity: 4, keyBytes: 8 };

function makeHost(index: number): WorkerHost {
  return new WorkerHost({
    thread: { index, count: 2 },
    registry: undefined,
    log: () => {},
    link: { tell() {} },
    now: () => 0,
  });
}

Deno.test("WorkerHost.keep() shares a table with others also after a change", () => {
  const first = makeHost(0);
  const other = makeHost(1);
  // The one begins as the other does.
  for (const limit of [1, 10, 100, 1, 2]) {
    const tables = [first, other].map((host) => {
      host.agree(first.agreement);
      return host.keep(
        "connections",
        limit,
        (share) => share!.table("table", SHAPE),
      );
    });
    assertEquals(tables.map(({ isNew }) => isNew), [true, false]);
    const [one, two] = tables.map(({ table }) => table);
    one!.addShare(one!.enter("a")!, 1);
    assertEquals(two!.total, 1);
  }
});
