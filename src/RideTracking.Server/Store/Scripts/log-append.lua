-- Appends one batch of fixes to the area's log: all of it or nothing.
-- KEYS: log, this writer's last append, this writer's fence, last fixes, segment, next segment
-- ARGV: batch, the last batch of this writer that the store said it has (0: none), now (ms), segment number, roll after (ms), segment expires after (ms), writer expires after (ms),
--       payload, the batch's token, writer, whether anybody listens (1), n, n fence members already honoured, then driver and last fix in pairs
-- The batch is the next entry of the log's feed: "<number> <token> <token of the one before> <writer> " and the payload.
-- Returns {'ok', number, segment} | {'fenced', member...} | {'segment', number} | {'lost'}: the store has forgotten that last batch
local done = redis.call('GET', KEYS[2])
if done then
  local batch, number, segment = string.match(done, '^(%d+) (%d+) (%d+)$')
  if tonumber(batch) >= tonumber(ARGV[1]) then
    return {'ok', number, segment}
  end
  done = tonumber(batch)
end
if (done or 0) < tonumber(ARGV[2]) then
  return {'lost'}
end

local honoured = tonumber(ARGV[12])
local marks = redis.call('SMEMBERS', KEYS[3])
if #marks > 0 then
  local known, fenced = {}, {'fenced'}
  for at = 13, 12 + honoured do
    known[ARGV[at]] = true
  end
  for _, mark in ipairs(marks) do
    if not known[mark] then
      table.insert(fenced, mark)
    end
  end
  if #fenced > 1 then
    return fenced
  end
end

-- Without a number they begin at the time, so that those of a log that was lost are not given again.
local log = redis.call('HMGET', KEYS[1], 'number', 'segment', 'since', 'token')
local number = string.format('%d', tonumber(log[1] or ARGV[3]) + 1)
local segment = tonumber(log[2] or '1')
local since = log[3]
if segment ~= tonumber(ARGV[4]) then
  return {'segment', string.format('%d', segment)}
end

local key = KEYS[5]
if since and tonumber(ARGV[3]) - tonumber(since) >= tonumber(ARGV[5]) then
  segment = segment + 1
  key = KEYS[6]
  since = false
end
if #marks > 0 then
  write('DEL', KEYS[3])
end
local entry = number .. ' ' .. ARGV[9] .. ' ' .. (log[4] or '0') .. ' ' .. ARGV[10] .. ' ' .. ARGV[8]
write('RPUSH', key, entry)
if again or not since then
  write('PEXPIRE', key, ARGV[6])
end
if since then
  write('HSET', KEYS[1], 'number', number, 'token', ARGV[9])
else
  write('HSET', KEYS[1], 'number', number, 'token', ARGV[9], 'segment', string.format('%d', segment), 'since', ARGV[3])
end
write('SET', KEYS[2], ARGV[1] .. ' ' .. number .. ' ' .. string.format('%d', segment), 'PX', ARGV[7])
write('HSET', KEYS[4], unpack(ARGV, 13 + honoured))
apply()
if ARGV[11] == '1' then
  publish(KEYS[1], entry)
end
return {'ok', number, string.format('%d', segment)}
