-- Raises or closes an incident, all of it or nothing: the incident, the lists it is on, who is told, and the answer to who
-- raised it.
-- KEYS: incident, open incidents, closed incidents, incident events, their cursor, open ones by who raised them, answer,
--       connections
-- ARGV: 1 incident id, 2 version that was decided on (0: it is raised), 3 incident, 4 when it was raised or closed (ms),
--       5 a closed one expires after (ms, '' for an open one), 6 closed ones leave the list before (ms), 7 events kept,
--       8 who raised it, 9 most that may be open of them, 10 answer ('' for none), 11 answer expires after (ms), 12 acting
--       driver ('' for none), 13 its epoch
-- Returns {'ok', its version now} | {'repeated', answer} | {'epoch', the epoch now} | {'full'} | {'changed', incident ('' for none)}
if ARGV[12] ~= '' then
  local connection = redis.call('HGET', KEYS[8], ARGV[12])
  local epoch = connection and string.match(connection, '^(%d+) ') or '0'
  if epoch ~= ARGV[13] then
    return {'epoch', epoch}
  end
end
if ARGV[10] ~= '' then
  local answer = redis.call('GET', KEYS[7])
  if answer then
    return {'repeated', answer}
  end
end
local stored = redis.call('GET', KEYS[1])
if (stored and string.match(stored, '^(%d+) ') or '0') ~= ARGV[2] then
  return {'changed', stored or ''}
end

if ARGV[5] == '' then
  if tonumber(redis.call('HGET', KEYS[6], ARGV[8]) or '0') >= tonumber(ARGV[9]) then
    return {'full'}
  end
end
local cursor = redis.call('INCR', KEYS[5])
local version = string.format('%d', cursor)
local record = version .. ' ' .. ARGV[3]
if ARGV[5] == '' then
  redis.call('SET', KEYS[1], record)
  redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
  redis.call('HINCRBY', KEYS[6], ARGV[8], 1)
else
  redis.call('SET', KEYS[1], record, 'PX', ARGV[5])
  redis.call('ZREM', KEYS[2], ARGV[1])
  redis.call('ZADD', KEYS[3], ARGV[4], ARGV[1])
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', '(' .. ARGV[6])
  if redis.call('HINCRBY', KEYS[6], ARGV[8], -1) <= 0 then
    redis.call('HDEL', KEYS[6], ARGV[8])
  end
end
if ARGV[10] ~= '' then
  redis.call('SET', KEYS[7], ARGV[10], 'PX', ARGV[11])
end
redis.call('ZADD', KEYS[4], version, record)
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', string.format('%d', cursor - tonumber(ARGV[7])))
return {'ok', cursor}
