/**
 * The script with which the nodes of a fleet share places for connections.
 *
 * The limit of a key (all connections, one client or one user) has two halves.
 * Up to one half is free: each node may use its part, limit / 2 / seat, without
 * a report. Redis grants the other half. Clients far below their limit
 * therefore need no entry in Redis.
 *
 * If the granted half of a key is used up, the key is called: each node gives
 * up its free part, and reports its places in use there as granted. After the
 * reports of all nodes, Redis can grant the whole limit, and every place is
 * counted exactly once. If the grants of a called key fall to a quarter of its
 * limit, the key is released.
 *
 * @module
 */

import { type FleetScript, fleetScript } from "../script.ts";

/** Milliseconds for which a machine may use its places without a round trip. */
export const LEASE_TIME = 5_000;

/** Most keys in one call of the script. */
export const MOST_ITEMS = 500;

/** Parts of the keys' names, in the order of the script's keys. */
export const PLACE_KEYS = [
  /** Sorted set: node -> when it expires, in milliseconds of Redis's clock. */
  "nodes",
  /** Hash: `seq`, `units` of the free half, `born`, `quiet`. */
  "meta",
  /** Hash: key -> granted places of all nodes together. */
  "sums",
  /** Sorted set: called key -> sequence number of the call. */
  "calls",
  /** Sorted set: released keys of which some nodes do not know yet. */
  "lifts",
  /** Sorted set: node -> sequence number that it has reached. */
  "applied",
  /** Sorted set: key that lacks places -> when a node last reported it. */
  "wants",
  /** List: dead nodes that still have places to take back. */
  "dead",
] as const;

/**
 * Renews a node's lease, takes its reports, and grants places.
 *
 * Keys: those of {@linkcode PLACE_KEYS}, then the hash of the places that the
 * node holds.
 *
 * Arguments: the node; milliseconds of its lease (0 ends it); its seat (0 for
 * none); the sequence number it has reached; 1 for the first call, otherwise 0;
 * the node that it replaces, or an empty text; the time at which Redis began to
 * count, if the node knows it; the prefix of the hashes of held places; the
 * channel for wants; then five for each key: its name, its limit, and its
 * places held, needed and wished for. Needed places are for waiting
 * connections. Redis grants wished-for places only if many are left.
 *
 * Returns `gone` if the node has expired. Otherwise: seat, next seat for the
 * node, sequence number, called keys, released keys, wanted keys, places held
 * of each given key (-1 - places if all nodes together exceed the limit), and
 * when Redis began to count.
 */
export const PLACES_SCRIPT: FleetScript = fleetScript(`
local nodes, meta, sums, calls, lifts, applied, wants, dead, held = unpack(KEYS)
local node, ttl, seat, known, join, replaced, knownBorn, prefix, channel = unpack(ARGV, 1, 9)
ttl, seat, known = tonumber(ttl), tonumber(seat), tonumber(known)
local UNITS, MOST_CALLED, PAGE, HOUR = 65536, 10000, 500, 3600000

local function number(text)
  return tonumber(text or 0)
end

local function release(key)
  if redis.call('ZREM', calls, key) == 1 then
    redis.call('ZADD', lifts, redis.call('HINCRBY', meta, 'seq', 1), key)
  end
end

local function part(size)
  if size == 0 then return 0 end
  return UNITS / size
end

local function remove(name)
  if redis.call('ZREM', nodes, name) == 0 then return end
  redis.call('ZREM', applied, name)
  local size = number(redis.call('HGET', prefix .. name, '#seat'))
  if size > 0 then redis.call('HINCRBY', meta, 'units', -part(size)) end
  redis.call('RPUSH', dead, name)
end

for _, name in ipairs(redis.call('ZRANGEBYSCORE', nodes, '-inf', '(' .. now, 'LIMIT', 0, 10)) do
  if name ~= node then remove(name) end
end
if replaced ~= '' then remove(replaced) end

local late = redis.call('LINDEX', dead, 0)
if late then
  local key = prefix .. late
  local cursor = redis.call('HGET', key, '#cursor') or '0'
  local page = redis.call('HSCAN', key, cursor, 'COUNT', PAGE)
  for at = 1, #page[2], 2 do
    local name = page[2][at]
    if name ~= '#seat' and name ~= '#cursor' then
      local left = redis.call('HINCRBY', sums, name, -page[2][at + 1])
      redis.call('HDEL', key, name)
      if left <= 0 then
        redis.call('HDEL', sums, name)
        release(name)
      end
    end
  end
  if page[1] == '0' then
    redis.call('DEL', key)
    redis.call('LPOP', dead)
  else
    redis.call('HSET', key, '#cursor', page[1])
  end
end

if join == '0' then
  if not redis.call('ZSCORE', nodes, node) then return 'gone' end
end
redis.call('HSETNX', meta, 'born', string.format('%.0f', now))
local born = redis.call('HGET', meta, 'born')
-- Redis has lost its data. It grants nothing until all nodes have reported
-- their places again, or their leases have ended.
if knownBorn ~= '' and knownBorn ~= born then
  redis.call('HSET', meta, 'quiet', string.format('%.0f', born + ttl))
end
redis.call('ZADD', nodes, string.format('%.0f', now + ttl), node)
if ttl == 0 then
  remove(node)
  return 'gone'
end

local count = redis.call('ZCARD', nodes)
local size = 2
while size <= count do size = size * 2 end
local before = number(redis.call('HGET', held, '#seat'))
local units = number(redis.call('HGET', meta, 'units')) + part(seat) - part(before)
local seq = number(redis.call('HGET', meta, 'seq'))
local wanted = seat
local isQuiet = now < number(redis.call('HGET', meta, 'quiet'))
if isQuiet then
  wanted = seat
elseif seat == 0 and known >= seq or seat > 2 * size then
  wanted = size
end
if units - part(seat) + part(wanted) <= UNITS then
  units = units - part(seat) + part(wanted)
  seat = wanted
end
if seat ~= before then
  redis.call('HSET', held, '#seat', seat)
  redis.call('HSET', meta, 'units', units)
end
-- A node without a seat has no free part, so no call has to wait for it.
redis.call('ZADD', applied, seat == 0 and seq or known, node)
local least = number(redis.call('ZRANGE', applied, 0, 0, 'WITHSCORES')[2])

local places = {}
for at = 10, #ARGV, 5 do
  local key, limit = ARGV[at], tonumber(ARGV[at + 1])
  local hold, need, wish = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  local mine = number(redis.call('HGET', held, key))
  local sum = number(redis.call('HGET', sums, key)) - mine + hold
  local called = tonumber(redis.call('ZSCORE', calls, key) or nil)
  local free = math.floor(limit / 2)
  local pool = limit - sum
  if not called or called > least then pool = pool - free end
  if isQuiet or pool < 0 then pool = 0 end
  local give = math.min(need, pool)
  local isShort = give < need and not isQuiet
  if isShort then
    local last = number(redis.call('ZSCORE', wants, key))
    if now - last >= math.max(20, count) then
      redis.call('ZADD', wants, string.format('%.0f', now), key)
      redis.call('PUBLISH', channel, 'wanted ' .. key)
    end
  elseif wish > 0 then
    give = give + math.min(wish, math.floor((pool - give) / (count + 1)))
  end
  hold, sum = hold + give, sum + give
  if called then
    if sum <= math.floor(limit / 4) then release(key) end
  elseif (isShort or sum > limit - free) and redis.call('ZCARD', calls) < MOST_CALLED then
    redis.call('ZREM', lifts, key)
    redis.call('ZADD', calls, redis.call('HINCRBY', meta, 'seq', 1), key)
  end
  if hold ~= mine then
    if hold > 0 then redis.call('HSET', held, key, hold) else redis.call('HDEL', held, key) end
    if sum > 0 then redis.call('HSET', sums, key, sum) else redis.call('HDEL', sums, key) end
  end
  -- Nodes that return from isolation may hold more than the limit together.
  if sum > limit then hold = -1 - hold end
  places[#places + 1] = hold
end

seq = number(redis.call('HGET', meta, 'seq'))
local function since(list)
  local found = redis.call('ZRANGEBYSCORE', list, '(' .. known, '+inf', 'WITHSCORES', 'LIMIT', 0, PAGE)
  local keys = {}
  for at = 1, #found, 2 do keys[#keys + 1] = found[at] end
  if #keys == PAGE then seq = math.min(seq, tonumber(found[#found])) end
  return keys
end
local newCalls, newLifts = since(calls), since(lifts)
redis.call('ZREMRANGEBYSCORE', lifts, '-inf', least)
redis.call('ZREMRANGEBYSCORE', wants, '-inf', now - 3000)
local newWants = redis.call('ZRANGEBYSCORE', wants, now - 1500, '+inf', 'LIMIT', 0, PAGE)

for at = 1, 8 do redis.call('PEXPIRE', KEYS[at], HOUR) end
redis.call('PEXPIRE', held, 2 * HOUR)
return { seat, math.max(seat, size), seq, newCalls, newLifts, newWants, places, born }
`);
