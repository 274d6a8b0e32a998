/**
 * Daily bytes over all machines of a fleet. Each run of the program writes its
 * total, not an increment, so that a repeated call counts once.
 *
 * ```text
 * quota:SCOPE:DAY          hash: user -> bytes of all machines
 * quota:SCOPE:DAY:WRITER   hash: user -> bytes of one writer
 * quota:SCOPE:DAY:over     hash: user -> the quota that is used up
 * ```
 *
 * @module
 */

import {
  type CountedBytes,
  FleetLedger,
} from "../policy/limits/fleet_ledger.ts";
import type { NodeCount } from "../serve/counts/shared_counts.ts";
import { QUOTA_TABLE } from "../serve/limits/quota_count.ts";
import type { CountingPart, FleetContext } from "./context.ts";
import { CHANGE_LUA, type ChangeTaker, type FleetChange } from "./pulse.ts";
import { scan } from "./scan.ts";
import { type FleetScript, fleetScript } from "./script.ts";

/** Most users in one call, and most calls in one round trip. */
const MOST = { users: 500, calls: 20 } as const;

/** Milliseconds for which the keys of a day stay after their last change. */
const KEPT = 2 * 86_400_000;

/**
 * Writes counts. Its reply: the bytes of all machines, for each user.
 *
 * ```text
 * KEYS: totals own over state changes
 * ARGV: most, scope day node id, then for each user: name bytes
 * ```
 */
export const WRITE_QUOTAS: FleetScript = fleetScript(`
${CHANGE_LUA}
local totals, own, over = KEYS[1], KEYS[2], KEYS[3]
local most, scope, day, node, id = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local users = {}
for index = 6, #ARGV, 2 do table.insert(users, ARGV[index]) end
local before = redis.call('HMGET', own, unpack(users))
local replies = {}
for index, user in ipairs(users) do
  local bytes = ARGV[5 + 2 * index]
  local added = tonumber(bytes) - tonumber(before[index] or 0)
  local total
  if added > 0 then
    redis.call('HSET', own, user, bytes)
    total = redis.call('HINCRBY', totals, user, string.format('%.0f', added))
  else
    total = tonumber(redis.call('HGET', totals, user) or 0)
  end
  replies[index] = string.format('%.0f', total)
  if total >= most and tonumber(redis.call('HGET', over, user) or -1) < most then
    redis.call('HSET', over, user, ARGV[1])
    change(KEYS[4], KEYS[5], cjson.encode({
      kind = 'quota', scope = scope, day = day, node = node, id = id,
      user = user, bytes = replies[index],
    }))
  end
end
for index = 1, 3 do redis.call('PEXPIRE', KEYS[index], ${KEPT}) end
return replies
`);

/**
 * Reads some users with a used-up quota, like HSCAN. Its reply: the next
 * cursor, and for each user: name, bytes of all machines.
 *
 * ```text
 * KEYS: totals over
 * ARGV: cursor
 * ```
 */
const OVER = fleetScript(`
local found = redis.call('HSCAN', KEYS[2], ARGV[1], 'COUNT', 1000)
local replies = {}
for index = 1, #found[2], 2 do
  local user = found[2][index]
  table.insert(replies, user)
  table.insert(replies, redis.call('HGET', KEYS[1], user) or '0')
end
return { found[1], replies }
`);

/** A quota of this machine. */
interface Counted {
  readonly scope: string;
  readonly ledger: FleetLedger;
  /** Name of its counts in Redis; each table has its own. */
  readonly writer: string;
  /** Whether users with a used-up quota have been read. */
  isRead: boolean;
}

/** The quotas of a machine. */
export class FleetQuotas implements CountingPart, ChangeTaker {
  readonly #context: FleetContext;
  #counted = new Map<string, Counted>();
  #tables = 0;

  /** Creates an object without quotas. */
  constructor(context: FleetContext) {
    this.#context = context;
    context.pulse.on(["quota"], this);
  }

  /**
   * Replaces the counts of this machine.
   *
   * @param counts All counts.
   */
  count(counts: readonly NodeCount[]): void {
    const before = this.#counted;
    this.#counted = new Map();
    for (const { id, scope, tables, what } of counts) {
      const table = what === "quota" ? tables.get(QUOTA_TABLE) : undefined;
      if (table === undefined) continue;
      this.#counted.set(
        id,
        before.get(id) ?? {
          scope,
          ledger: new FleetLedger(table),
          writer: `${this.#context.own.id}.${this.#tables++}`,
          isRead: false,
        },
      );
    }
  }

  /**
   * Writes changed counts, or all counts.
   *
   * @param isFirst Whether Redis may have lost its data.
   */
  async flush(isFirst: boolean): Promise<void> {
    const all = [...this.#counted.values()];
    await Promise.all(all.flatMap((counted) => {
      if (isFirst) counted.ledger.changeAll();
      const writing = this.#write(counted);
      return counted.isRead ? writing : [...writing, this.#read(counted)];
    }));
  }

  /** Records that a quota is used up. */
  take(change: FleetChange): void {
    const { bytes, day, scope, user } = change as unknown as Record<
      "bytes" | "day" | "scope" | "user",
      string
    >;
    for (const counted of this.#counted.values()) {
      if (counted.scope !== scope) continue;
      counted.ledger.learn({ day, user, bytes: Number(bytes) });
    }
  }

  /** Reads all users with a used-up quota. */
  async reload(): Promise<void> {
    const all = [...this.#counted.values()];
    await Promise.all(all.map((counted) => this.#read(counted)));
  }

  /** Writes the last counts. */
  async close(): Promise<void> {
    await this.flush(false);
  }

  /** Makes one call for each day and group of users; few are needed. */
  #write(counted: Counted): Promise<void>[] {
    const calls: Promise<void>[] = [];
    while (calls.length < MOST.calls) {
      const changed = counted.ledger.takeChanged(MOST.users);
      for (const [day, ofDay] of Map.groupBy(changed, ({ day }) => day)) {
        calls.push(this.#writeDay(counted, day, ofDay));
      }
      if (changed.length < MOST.users) break;
    }
    return calls;
  }

  async #writeDay(
    { ledger, scope, writer }: Counted,
    day: string,
    counts: readonly CountedBytes[],
  ): Promise<void> {
    const { link, own, pulse } = this.#context;
    const totals = await link.run(WRITE_QUOTAS, [
      this.#key(scope, day),
      this.#key(scope, day, writer),
      this.#key(scope, day, "over"),
      ...pulse.changeKeys,
    ], [
      ...[Math.min(ledger.most, Number.MAX_SAFE_INTEGER), scope, day],
      ...[own.node, own.id],
      ...counts.flatMap(({ user, bytes }) => [user, bytes]),
    ]) as string[];
    for (const [index, { user, bytes }] of counts.entries()) {
      ledger.learn({ day, user, bytes: Number(totals[index]) }, bytes);
    }
  }

  async #read(counted: Counted): Promise<void> {
    const { ledger, scope } = counted;
    const { link, view } = this.#context;
    counted.isRead = true;
    // No time zone's date is more than one day away from that of UTC.
    for (const offset of [-1, 0, 1]) {
      const day = new Date(view.now() + offset * 86_400_000).toISOString()
        .slice(0, 10);
      const keys = [this.#key(scope, day), this.#key(scope, day, "over")];
      for await (const [user, bytes] of scan(link, OVER, keys)) {
        ledger.learn({ day, user, bytes: Number(bytes) });
      }
    }
  }

  #key(scope: string, ...rest: string[]): string {
    return this.#context.keys.of("quota", scope, ...rest);
  }
}
