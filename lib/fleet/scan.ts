/**
 * Reads a hash in Redis page by page, so that no call takes long.
 *
 * @module
 */

import type { Link } from "./link.ts";
import type { FleetScript } from "./script.ts";

/**
 * Reads all pairs that a script finds.
 *
 * @param script Takes a cursor, and replies with the next one and with a list of
 *   names and values, like HSCAN.
 * @param keys Keys of the script.
 * @throws {RedisFault} If Redis is unreachable, too slow or refuses.
 */
export async function* scan(
  link: Pick<Link, "run">,
  script: FleetScript,
  keys: readonly string[],
): AsyncGenerator<[name: string, value: string]> {
  let cursor = "0";
  do {
    const reply = await link.run(script, keys, [cursor]);
    const [next, found] = reply as [string, string[]];
    for (let index = 0; index < found.length; index += 2) {
      yield [found[index]!, found[index + 1]!];
    }
    cursor = next;
  } while (cursor !== "0");
}
