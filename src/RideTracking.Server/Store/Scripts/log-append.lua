-- Appends one batch of fixes to the area's log: all of it or nothing.
-- KEYS: log, this writer's last append, this writer's fence, segment
-- ARGV: batch, the last batch of this writer that the store said it has (0: none), now (ms), number of the segment that it is packed for,
--       roll after (ms), writer expires after (ms), "<writer> " and the payload, the batch's token, whether anybody listens (1),
--       then the fence members that are honoured already
-- The batch is the next entry of the log's feed: "<number> <token> <token of the one before> <writer> " and the payload.
-- Returns {'ok', number, token of the one before, token: of the attempt that has written it} | {'fenced', member...} | {'segment', number}: to be packed for that one
--       | {'lost'}: the store has forgotten that last batch
local done = redis.call('GET', KEYS[2])
if done then
  local batch, number, before, token = string.match(done, '^(%d+) (%d+) (%x+) (%x+)$')
  if tonumber(batch) >= tonumber(ARGV[1]) then
    return {'ok', number, before, token}
  end
  done = tonumber(batch)
end
if (done or 0) < tonumber(ARGV[2]) then
  return {'lost'}
end

local marks = redis.call('SMEMBERS', KEYS[3])
if #marks > 0 then
  local known, fenced = {}, {'fenced'}
  for at = 10, #ARGV do
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
-- A segment is read by itself: for the next one the batch is packed anew, with its connections' openings.
local packed = tonumber(ARGV[4])
local isOver = since and tonumber(ARGV[3]) - tonumber(since) >= tonumber(ARGV[5])
if packed ~= segment + 1 and (isOver or packed ~= segment) then
  return {'segment', string.format('%d', isOver and segment + 1 or segment)}
end
if packed ~= segment then
  since = false
end
if #marks > 0 then
  write('DEL', KEYS[3])
end
local before = log[4] or '0'
local entry = number .. ' ' .. ARGV[8] .. ' ' .. before .. ' ' .. ARGV[7]
write('RPUSH', KEYS[4], entry)
if since then
  write('HSET', KEYS[1], 'number', number, 'token', ARGV[8])
else
  write('HSET', KEYS[1], 'number', number, 'token', ARGV[8], 'segment', ARGV[4], 'since', ARGV[3])
end
write('SET', KEYS[2], ARGV[1] .. ' ' .. number .. ' ' .. before .. ' ' .. ARGV[8], 'PX', ARGV[6])
apply()
if ARGV[9] == '1' then
  publish(KEYS[1], entry)
end
return {'ok', number, before, ARGV[8]}
