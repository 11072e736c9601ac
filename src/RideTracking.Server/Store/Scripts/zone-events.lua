-- Appends zone events and keeps what the drivers' visits are after them, both or neither.
-- KEYS: events, cursor, visits
-- ARGV: events kept, the events' token, n, n events, then driver and visits in pairs; none while more events of the same step follow
-- Returns the number of the last event
local token, n = ARGV[2], tonumber(ARGV[3])
local last, before = string.match(redis.call('GET', KEYS[2]) or '0', '^(%d+) ?(%x*)$')
last = tonumber(last) + n
local members = {}
for i = 1, n do
  local at = string.format('%d', last - n + i)
  members[2 * i - 1] = at
  members[2 * i] = at .. ' ' .. token .. ' ' .. (i > 1 and token or before ~= '' and before or '0') .. ' ' .. ARGV[3 + i]
end
write('SET', KEYS[2], string.format('%d', last) .. ' ' .. token)
write('ZADD', KEYS[1], unpack(members))
write('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%d', last - tonumber(ARGV[1])))
if #ARGV > 3 + n then
  write('HSET', KEYS[3], unpack(ARGV, 4 + n))
end
apply()
return last
