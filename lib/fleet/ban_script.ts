/**
 * The rules of `FailureTable` and `Bans` as a script. Redis runs it, so that
 * all machines of a fleet reach the same decisions.
 *
 * ```text
 * clients, users              hash: key -> "UNTIL LEVEL FAILED AT,AT,…"
 * clients-spent, users-spent  sorted set: key -> when its state has no effect
 * ```
 *
 * All times are milliseconds since 1970 by Redis's clock.
 *
 * @module
 */

import type { FailureState } from "../policy/users/failure_table.ts";
import { CHANGE_LUA } from "./pulse.ts";
import { type FleetScript, fleetScript } from "./script.ts";

/** Most clients, and most names, in a list. */
export const MOST_KEYS = 20_000;

/** A state as stored in Redis. */
const STATE = /^(\d+) (\d+) (\d+) ([\d,]*)$/;

/**
 * Decides the effect of an event. It replies with the states of the client and
 * of the name, and with the ban and the attack that begin; each of them may be
 * `null`.
 *
 * `order` is the duration of a ban by an operator, in milliseconds.
 *
 * ```text
 * KEYS: clients clients-spent users users-spent state changes
 * ARGV: act client user age, after window time timeMax, scope node id order
 * ```
 */
export const DECIDE: FleetScript = fleetScript(`
${CHANGE_LUA}
local act, client, user, age = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local after, window = tonumber(ARGV[5]), tonumber(ARGV[6])
local time, timeMax = tonumber(ARGV[7]), tonumber(ARGV[8])
-- An event that reaches Redis late counts from when it happened.
local today = now
now = now - age

local function read(hash, key)
  local entry = { failures = {}, ends = 0, level = 0, failed = 0 }
  local text = redis.call('HGET', hash, key)
  if not text then return entry, false end
  local ends, level, failed, list = string.match(text, '^(%d+) (%d+) (%d+) ([%d,]*)$')
  entry.ends, entry.level, entry.failed = tonumber(ends), tonumber(level), tonumber(failed)
  for at in string.gmatch(list, '%d+') do table.insert(entry.failures, tonumber(at)) end
  return entry, true
end

local function format(entry)
  local list = {}
  for index, at in ipairs(entry.failures) do list[index] = string.format('%.0f', at) end
  return string.format('%.0f %d %d %s', entry.ends, entry.level, entry.failed, table.concat(list, ','))
end

local function levelOf(entry)
  local quiet = now - entry.ends
  if quiet <= 0 then return entry.level end
  return math.max(0, entry.level - math.floor(quiet / timeMax))
end

-- The time from which an entry has no effect.
local function spentAt(entry)
  local last = entry.failures[#entry.failures]
  local spent = entry.level > 0 and entry.ends + entry.level * timeMax or entry.ends
  return last and math.max(spent, last + window) or spent
end

local function forget(hash, spent, key)
  redis.call('HDEL', hash, key)
  redis.call('ZREM', spent, key)
end

-- Removes entries with failures first, then bans; those that end soonest go first.
local function makeRoom(hash, spent)
  local soonest = redis.call('ZRANGE', spent, 0, 299)
  local left = 100
  for _, isBanned in ipairs({ false, true }) do
    for _, key in ipairs(soonest) do
      if left > 0 and (read(hash, key).ends > today) == isBanned then
        forget(hash, spent, key)
        left = left - 1
      end
    end
    if left < 100 then return end
  end
end

local function write(hash, spent, key, entry)
  local at = spentAt(entry)
  if at <= today then return forget(hash, spent, key) end
  redis.call('HSET', hash, key, format(entry))
  redis.call('ZADD', spent, string.format('%.0f', at), key)
  for _, gone in ipairs(redis.call('ZRANGEBYSCORE', spent, '-inf', string.format('%.0f', today), 'LIMIT', 0, 100)) do
    forget(hash, spent, gone)
  end
  if redis.call('ZCARD', spent) > ${MOST_KEYS} then makeRoom(hash, spent) end
  local last = redis.call('ZRANGE', spent, -1, -1, 'WITHSCORES')[2]
  if last then
    local left = math.max(1000, tonumber(last) - today)
    redis.call('PEXPIRE', hash, string.format('%.0f', left))
    redis.call('PEXPIRE', spent, string.format('%.0f', left))
  end
end

local function ban(entry)
  local level = levelOf(entry)
  local duration = math.min(timeMax, time * 2 ^ level)
  local begun = { duration = duration, failures = #entry.failures }
  entry.failed = begun.failures
  entry.failures = {}
  entry.ends = now + duration
  entry.level = level + 1
  return begun
end

local function fail(entry, isLast)
  local kept = {}
  for _, at in ipairs(entry.failures) do
    if at > now - window then table.insert(kept, at) end
  end
  table.insert(kept, now)
  table.sort(kept)
  entry.failures = kept
  if isLast or #kept >= after then return ban(entry) end
end

local clients, clientsSpent, users, usersSpent = unpack(KEYS)
local begun, attack
local isNews = false
if act == 'fail' then
  local name = read(users, user)
  local wasAttacked = name.ends > now
  attack = fail(name, false)
  write(users, usersSpent, user, name)
  local entry = read(clients, client)
  if entry.ends <= now then
    begun = fail(entry, wasAttacked)
    write(clients, clientsSpent, client, entry)
    isNews = #entry.failures == 1
  end
  isNews = isNews or begun ~= nil or attack ~= nil
elseif act == 'succeed' then
  local entry, isKnown = read(clients, client)
  isNews = isKnown and #entry.failures > 0
  entry.failures = {}
  if isKnown then
    if entry.ends <= now and levelOf(entry) == 0 then forget(clients, clientsSpent, client)
    else write(clients, clientsSpent, client, entry) end
  end
elseif act == 'ban' then
  local entry = read(clients, client)
  entry.ends, entry.failed = now + tonumber(ARGV[12]), 0
  write(clients, clientsSpent, client, entry)
  isNews = true
elseif act == 'lift' then
  isNews = redis.call('HEXISTS', clients, client) == 1
  forget(clients, clientsSpent, client)
else
  isNews = redis.call('HEXISTS', users, user) == 1
  forget(users, usersSpent, user)
end

now = today
local ofClient = client ~= '' and redis.call('HGET', clients, client) or false
local ofUser = user ~= '' and redis.call('HGET', users, user) or false
local function said(one)
  return one and string.format('%.0f %d', one.duration, one.failures) or false
end
if isNews then
  change(KEYS[5], KEYS[6], cjson.encode({
    kind = 'bans', scope = ARGV[9], node = ARGV[10], id = ARGV[11], act = act,
    client = client, user = user, ofClient = ofClient, ofUser = ofUser,
    ban = said(begun), attack = said(attack), order = tonumber(ARGV[12]),
  }))
end
return { ofClient, ofUser, said(begun), said(attack) }
`);

/**
 * Reads some states of a list and a cursor for the next call, like HSCAN.
 *
 * ```text
 * KEYS: clients or users
 * ARGV: cursor
 * ```
 */
export const LIST: FleetScript = fleetScript(`
local found = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', 1000)
return { found[1], found[2] }
`);

/**
 * Parses a state.
 *
 * @param text Text from Redis; `null` or `false` if nothing is stored.
 * @param now Milliseconds since 1970 by Redis's clock.
 * @returns The state, with times relative to now.
 */
export function parseState(
  text: string | null | false,
  now: number,
): FailureState | undefined {
  const match = STATE.exec(text || "");
  if (match === null) return undefined;
  const [, until, level, failed, list = ""] = match;
  return {
    failures: list === ""
      ? []
      : list.split(",").map((at) => Math.max(0, now - Number(at))),
    until: Number(until) - now,
    level: Number(level),
    failed: Number(failed),
  };
}
