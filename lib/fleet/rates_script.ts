/**
 * The script with which the nodes of a fleet share rates by demand.
 *
 * @module
 */

import { type FleetScript, fleetScript } from "./script.ts";

/** Most rates in one call of the script. */
export const MOST_RATES = 500;

/**
 * A node whose demand is met may use this multiple of it. It seldom does, so
 * the others share what is left of the rate without this reserve.
 */
export const HEADROOM = 9 / 8;

/**
 * Takes demands, and gives each node its part of each rate.
 *
 * If all demands together are below the rate, each node gets its demand and an
 * equal part of the rest. Otherwise small demands are met, and the large ones
 * get equal parts (max-min fairness). With few nodes, each demand computes the
 * parts again; with a thousand nodes this happens about once a second.
 *
 * Each rate has a hash: for each node its demand in bytes per second and when
 * that expires; `#level` is the largest part, `#spare` the extra that each node
 * gets, `#at` the time of the last computation, `#told` that of the last
 * message.
 *
 * Keys: none that are known in advance. Arguments: the node, milliseconds for
 * which a demand counts, the prefix of the hashes, the channel for changes;
 * then three for each rate: its name, bytes per second, demand. Returns the
 * parts.
 */
export const RATES_SCRIPT: FleetScript = fleetScript(`
local node, ttl, prefix, channel = unpack(ARGV, 1, 4)
local FEW = 64
local parts = {}

local function share(key, rate, all)
  local demands, sum = {}, 0
  for name, text in pairs(all) do
    if name:sub(1, 1) ~= '#' then
      local want, ends = text:match('(%d+) (%d+)')
      if tonumber(ends) < now then
        redis.call('HDEL', key, name)
      else
        want = math.min(tonumber(want), rate)
        demands[#demands + 1] = want
        sum = sum + want
      end
    end
  end
  if sum <= rate then return rate, math.floor((rate - sum) / math.max(1, #demands)) end
  table.sort(demands)
  local left = rate
  for at, want in ipairs(demands) do
    local equal = math.floor(left / (#demands - at + 1))
    if want > equal then return equal, 0 end
    left = left - want
  end
  return rate, 0
end

local function hash(list)
  local all = {}
  for at = 1, #list, 2 do all[list[at]] = list[at + 1] end
  return all
end

for at = 5, #ARGV, 3 do
  local name, rate, want = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local key = prefix .. name
  local count = redis.call('HLEN', key)
  local isDue, all = true, {}
  if count > FEW then
    local known = redis.call('HMGET', key, '#level', '#spare', '#at', '#told')
    all = { ['#level'] = known[1], ['#spare'] = known[2], ['#at'] = known[3], ['#told'] = known[4] }
    isDue = now - (all['#at'] or 0) >= count
  end
  if isDue then all = hash(redis.call('HGETALL', key)) end
  local demand = string.format('%.0f %.0f', want, now + ttl)
  if want > 0 then
    redis.call('HSET', key, node, demand)
    all[node] = demand
  elseif all[node] or not isDue then
    redis.call('HDEL', key, node)
    all[node] = nil
  end
  local level, spare = tonumber(all['#level'] or 0), tonumber(all['#spare'] or 0)
  if isDue then
    local before, spared = level, spare
    level, spare = share(key, rate, all)
    local change = math.abs(level - before) + math.abs(spare - spared)
    if change > 0 or count > FEW then
      redis.call('HSET', key, '#level', level, '#spare', spare, '#at', string.format('%.0f', now))
    end
    -- A node with the whole rate learns only from this message that others
    -- use it too.
    if change > rate / 20 and (count <= FEW or now - (all['#told'] or 0) >= count) then
      redis.call('HSET', key, '#told', string.format('%.0f', now))
      redis.call('PUBLISH', channel, 'rate ' .. name)
    end
  end
  redis.call('PEXPIRE', key, ttl)
  local part = math.max(want + spare, want * ${HEADROOM})
  parts[#parts + 1] = string.format('%.0f', math.floor(math.min(part, level)))
end
return parts
`);
