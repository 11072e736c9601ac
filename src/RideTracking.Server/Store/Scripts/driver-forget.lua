-- Forgets what a driver did, where the driver is and what was still to be told; all of it, or nothing when the plan has changed.
-- What stays are the numbers that an app may still hold: the plan's versions, '#' of the outbox, the connection's epoch.
-- KEYS: plans, outbox, visits, vehicles that drivers have named, log, drivers that the log is to say nothing of
-- ARGV: driver, name of the plan's state, which has no trip (0: there is none)
-- Returns {'ok', commands that were forgotten, last batch of the log that may have the driver} | {'changed'}
local plan = redis.call('HGET', KEYS[1], ARGV[1])
if (plan and string.match(plan, '^%d+ %x*') or '0') ~= ARGV[2] then
  return {'changed'}
end

local logged = redis.call('HGET', KEYS[5], 'number') or '0'
local commands = {}
for _, field in ipairs(redis.call('HKEYS', KEYS[2])) do
  if field ~= '#' then
    table.insert(commands, field)
  end
end
-- In parts: more may wait than Lua can unpack.
for first = 1, #commands, 1000 do
  write('HDEL', KEYS[2], unpack(commands, first, math.min(first + 999, #commands)))
end
write('HDEL', KEYS[3], ARGV[1])
write('HDEL', KEYS[4], ARGV[1])
if logged ~= '0' then
  write('HSET', KEYS[6], ARGV[1], logged)
end
tell({{'forgotten', ARGV[1], logged}})
apply()
return {'ok', #commands, logged}
