-- Raises or closes an incident, all of it or nothing: the incident, the lists it is on, who is told, and the answer to who
-- raised it.
-- KEYS: incident, open incidents, closed incidents, incident events, their cursor, open ones by who raised them, answer,
--       connections
-- ARGV: 1 incident id, 2 version that was decided on (0: it is raised), 3 incident, 4 when it was raised or closed (ms),
--       5 a closed one expires after (ms, '' for an open one), 6 closed ones leave the list before (ms), 7 events kept,
--       8 who raised it, 9 most that may be open of them, 10 answer ('' for none), 11 answer expires after (ms), 12 acting
--       driver ('' for none), 13 its claim ("<epoch> <writer>"), 14 the change's token
-- Returns {'ok', its version now} | {'repeated', answer} | {'epoch', the claim that holds the driver now ('-': none)} | {'full'} | {'changed', incident ('' for none)}
if ARGV[12] ~= '' then
  local connection = redis.call('HGET', KEYS[8], ARGV[12])
  local claim = connection and string.match(connection, '^%d+ %S+') or '-'
  if claim ~= ARGV[13] then
    return {'epoch', claim}
  end
end
local stored = redis.call('MGET', KEYS[1], KEYS[7], KEYS[5])
if ARGV[10] ~= '' and stored[2] then
  return {'repeated', stored[2]}
end
if (stored[1] and string.match(stored[1], '^(%d+) ') or '0') ~= ARGV[2] then
  return {'changed', stored[1] or ''}
end
local open = tonumber(redis.call('HGET', KEYS[6], ARGV[8]) or '0')
if ARGV[5] == '' and open >= tonumber(ARGV[9]) then
  return {'full'}
end

local last, before = string.match(stored[3] or '0', '^(%d+) ?(%x*)$')
local cursor = tonumber(last) + 1
local version = string.format('%d', cursor)
local record = version .. ' ' .. ARGV[3]
write('SET', KEYS[5], version .. ' ' .. ARGV[14])
if ARGV[5] == '' then
  write('SET', KEYS[1], record)
  write('ZADD', KEYS[2], ARGV[4], ARGV[1])
  write('HSET', KEYS[6], ARGV[8], string.format('%d', open + 1))
else
  write('SET', KEYS[1], record, 'PX', ARGV[5])
  write('ZREM', KEYS[2], ARGV[1])
  write('ZADD', KEYS[3], ARGV[4], ARGV[1])
  write('ZREMRANGEBYSCORE', KEYS[3], '-inf', '(' .. ARGV[6])
  if open > 1 then
    write('HSET', KEYS[6], ARGV[8], string.format('%d', open - 1))
  else
    write('HDEL', KEYS[6], ARGV[8])
  end
end
if ARGV[10] ~= '' then
  write('SET', KEYS[7], ARGV[10], 'PX', ARGV[11])
end
write('ZADD', KEYS[4], version, version .. ' ' .. ARGV[14] .. ' ' .. (before ~= '' and before or '0') .. ' ' .. ARGV[3])
write('ZREMRANGEBYSCORE', KEYS[4], '-inf', string.format('%d', cursor - tonumber(ARGV[7])))
tell({{'incident', ARGV[1]}})
apply()
return {'ok', cursor}
