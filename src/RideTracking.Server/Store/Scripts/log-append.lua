-- Appends one batch of fixes to the area's log: all of it or nothing.
-- KEYS: log, this writer's last append, this writer's fence, last fixes, segment, next segment
-- ARGV: batch, now (ms), segment number, roll after (ms), segment expires after (ms), writer expires after (ms),
--       payload, n, n fence members already honoured, then driver and last fix in pairs
-- Returns {'ok', number, segment} | {'fenced', member...} | {'segment', number}
local done = redis.call('GET', KEYS[2])
if done then
  local batch, number, segment = string.match(done, '^(%d+) (%d+) (%d+)$')
  if tonumber(batch) >= tonumber(ARGV[1]) then
    return {'ok', number, segment}
  end
end

local honoured = tonumber(ARGV[8])
if redis.call('EXISTS', KEYS[3]) == 1 then
  -- In parts: after a whole city has come back at once there are more than Lua can unpack.
  for first = 9, 8 + honoured, 1000 do
    redis.call('SREM', KEYS[3], unpack(ARGV, first, math.min(first + 999, 8 + honoured)))
  end
  local fenced = redis.call('SMEMBERS', KEYS[3])
  if #fenced > 0 then
    table.insert(fenced, 1, 'fenced')
    return fenced
  end
end

local log = redis.call('HMGET', KEYS[1], 'number', 'segment', 'since')
local number = string.format('%d', tonumber(log[1] or '0') + 1)
local segment = tonumber(log[2] or '1')
local since = log[3]
if segment ~= tonumber(ARGV[3]) then
  return {'segment', string.format('%d', segment)}
end

local key = KEYS[5]
if since and tonumber(ARGV[2]) - tonumber(since) >= tonumber(ARGV[4]) then
  segment = segment + 1
  key = KEYS[6]
  since = false
end
redis.call('RPUSH', key, ARGV[7])
if since then
  redis.call('HSET', KEYS[1], 'number', number)
else
  redis.call('PEXPIRE', key, ARGV[5])
  redis.call('HSET', KEYS[1], 'number', number, 'segment', string.format('%d', segment), 'since', ARGV[2])
end
redis.call('SET', KEYS[2], ARGV[1] .. ' ' .. number .. ' ' .. string.format('%d', segment), 'PX', ARGV[6])
redis.call('HSET', KEYS[4], unpack(ARGV, 9 + honoured))
return {'ok', number, string.format('%d', segment)}
