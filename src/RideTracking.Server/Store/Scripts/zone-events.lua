-- Appends zone events and keeps what the drivers' visits are after them, both or neither.
-- KEYS: events, cursor, visits
-- ARGV: events kept, n, n events, then driver and visits in pairs; none while more events of the same step follow
-- Returns the cursor of the last event
local n = tonumber(ARGV[2])
local last = tonumber(redis.call('GET', KEYS[2]) or '0') + n
local members = {}
for i = 1, n do
  local cursor = string.format('%d', last - n + i)
  members[2 * i - 1] = cursor
  members[2 * i] = cursor .. ' ' .. ARGV[2 + i]
end
write('SET', KEYS[2], string.format('%d', last))
write('ZADD', KEYS[1], unpack(members))
write('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%d', last - tonumber(ARGV[1])))
if #ARGV > 2 + n then
  write('HSET', KEYS[3], unpack(ARGV, 3 + n))
end
apply()
return last
