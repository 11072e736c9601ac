-- Makes a connection the only one that may write for a driver, and tells where its session's log ends.
-- KEYS: connections, last fixes, the driver's earlier sessions, fence of the writer that holds the driver now
-- ARGV: driver, writer, session, the writer whose fence is KEYS[4] ('-' for none),
--       earlier sessions expire after (ms), fence expires after (ms)
-- Returns {'ok', epoch, last fix, last fix of this session} | {'writer', the writer that holds the driver now}
local epoch, holder = '0', '-'
local connection = redis.call('HGET', KEYS[1], ARGV[1])
if connection then
  epoch, holder = string.match(connection, '^(%d+) (%S+) ')
end
if holder ~= ARGV[4] then
  return {'writer', holder}
end
epoch = string.format('%d', tonumber(epoch) + 1)

local last = redis.call('HGET', KEYS[2], ARGV[1])
local own, earlier = last, nil
if last then
  local session = string.match(last, '^%d+ (%S+) ')
  if session ~= ARGV[3] then
    earlier = session
    own = redis.call('HGET', KEYS[3], ARGV[3])
  end
end

if earlier then
  write('HSET', KEYS[3], earlier, last)
  write('PEXPIRE', KEYS[3], ARGV[5])
end
if holder ~= '-' then
  write('SADD', KEYS[4], ARGV[1] .. ' ' .. epoch)
  write('PEXPIRE', KEYS[4], ARGV[6])
end
write('HSET', KEYS[1], ARGV[1], epoch .. ' ' .. ARGV[2] .. ' ' .. ARGV[3])
apply()
return {'ok', epoch, last or '', own or ''}
