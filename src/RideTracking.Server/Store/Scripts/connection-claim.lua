-- Makes a connection the only one that may write for a driver, and tells where its session's log ends.
-- KEYS: connections, last fixes, the driver's earlier sessions, fence of the writer that holds the driver now, outbox,
--       links of this writer, links of the writer that holds the driver now, nodes, vehicles that drivers have named
-- ARGV: driver, writer, session, the claim that holds the driver as far as is known ("<epoch> <writer>", '-' for none),
--       earlier sessions expire after (ms), fence expires after (ms), device ('-' when it is not told), its attempt (0 when it counts none),
--       the greatest epoch that memory knows of the driver, the highest number of a command that the app has seen,
--       whether the store has forgotten this claim before (1), whether it is by a stream (1),
--       how long a writer that has no lease yet is taken to be there (ms), the vehicle that the driver has named ('' for the usual one)
-- Returns {'ok', epoch, last fix, last fix of this session} | {'held', the claim that holds the driver now}
--       | {'passed', the device's later attempt}
local epoch, holder, attempts = '0', '-', ''
local connection = redis.call('HGET', KEYS[1], ARGV[1])
if connection then
  local writer
  epoch, writer, attempts = string.match(connection, '^(%d+) (%S+) %S+ ?(.*)$')
  holder = epoch .. ' ' .. writer
end
if holder ~= ARGV[4] then
  return {'held', holder}
end

-- Of the driver's last devices, the newest first, so that a connect that was long on its way is known as such.
local others, count = '', 0
for device, attempt in string.gmatch(attempts, '(%S+) (%d+)') do
  if device ~= ARGV[7] then
    if count < 3 then
      others = others .. ' ' .. device .. ' ' .. attempt
      count = count + 1
    end
  elseif ARGV[8] ~= '0' and tonumber(attempt) > tonumber(ARGV[8]) then
    return {'passed', attempt}
  end
end
if ARGV[7] ~= '-' and ARGV[8] ~= '0' then
  others = ' ' .. ARGV[7] .. ' ' .. ARGV[8] .. others
end
epoch = string.format('%d', math.max(tonumber(epoch), tonumber(ARGV[9])) + 1)

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
  local sessions = redis.call('HKEYS', KEYS[3])
  if #sessions > 7 then
    -- Whoever makes up sessions is told of the older ones to send again what it holds.
    for _, other in ipairs(sessions) do
      if other ~= earlier and other ~= ARGV[3] then
        write('HDEL', KEYS[3], other)
      end
    end
  end
  write('HSET', KEYS[3], earlier, last)
  write('PEXPIRE', KEYS[3], ARGV[5])
end
if holder ~= '-' then
  write('SADD', KEYS[4], ARGV[1] .. ' ' .. epoch .. ' ' .. ARGV[7])
  write('PEXPIRE', KEYS[4], ARGV[6])
end
-- Where the app has seen more commands than the store knows of, it has forgotten some, and may have given their numbers again: what
-- waits is told by numbers above all of those.
local number, seen = tonumber(redis.call('HGET', KEYS[5], '#') or '0'), tonumber(ARGV[10])
if number < seen or ARGV[11] == '1' then
  number = math.max(number, seen)
  local entries, waiting = redis.call('HGETALL', KEYS[5]), {}
  for at = 1, #entries, 2 do
    local sequence, rest = string.match(entries[at + 1], '^(%d+) (.*)$')
    if sequence then
      table.insert(waiting, {field = entries[at], sequence = tonumber(sequence), rest = rest})
    end
  end
  table.sort(waiting, function(one, other) return one.sequence < other.sequence end)
  for after, command in ipairs(waiting) do
    write('HSET', KEYS[5], command.field, string.format('%d', number + after) .. ' ' .. command.rest)
  end
  write('HSET', KEYS[5], '#', string.format('%d', number + #waiting))
end
write('HSET', KEYS[1], ARGV[1], epoch .. ' ' .. ARGV[2] .. ' ' .. ARGV[3] .. others)
if holder ~= '-' and KEYS[7] ~= KEYS[6] then
  write('HDEL', KEYS[7], ARGV[1])
end
if ARGV[12] == '1' then
  write('HSET', KEYS[6], ARGV[1], epoch)
  if ARGV[14] ~= '' then
    write('HSET', KEYS[9], ARGV[1], ARGV[14])
  else
    write('HDEL', KEYS[9], ARGV[1])
  end
else
  write('HDEL', KEYS[6], ARGV[1])
end
if redis.call('HEXISTS', KEYS[8], ARGV[2]) == 0 then
  -- A writer that was renewed holds its lease from the next look on; until then somebody must find its end.
  write('HSET', KEYS[8], ARGV[2], string.format('%d', clock() + tonumber(ARGV[13])))
end
tell({{'claimed', ARGV[1], epoch, ARGV[2], ARGV[7], ARGV[12], ARGV[14]}})
apply()
return {'ok', epoch, last or '', own or ''}
