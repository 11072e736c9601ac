-- Makes a connection the only one that may write for a driver, and tells where its session's log ends.
-- KEYS: connections, fence of the writer that holds the driver now, outbox, log, links of this writer, links of the writer that holds the
--       driver now, nodes, vehicles that drivers have named
-- ARGV: driver, writer, session, the claim that holds the driver as far as is known ("<epoch> <writer>", '-' for none),
--       fence expires after (ms), device ('-' when it is not told), its attempt (0 when it counts none),
--       the greatest epoch that memory knows of the driver, the highest number of a command that the app has seen,
--       whether it is by a stream (1), how long a writer that has no lease yet is taken to be there (ms), the vehicle that the driver has named ('' for the usual one)
-- Returns {'ok', epoch, number of the log's last batch, its token} | {'held', the claim that holds the driver now}
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
  if device ~= ARGV[6] then
    if count < 3 then
      others = others .. ' ' .. device .. ' ' .. attempt
      count = count + 1
    end
  elseif ARGV[7] ~= '0' and tonumber(attempt) > tonumber(ARGV[7]) then
    return {'passed', attempt}
  end
end
if ARGV[6] ~= '-' and ARGV[7] ~= '0' then
  others = ' ' .. ARGV[6] .. ' ' .. ARGV[7] .. others
end
epoch = string.format('%d', math.max(tonumber(epoch), tonumber(ARGV[8])) + 1)

local log = redis.call('HMGET', KEYS[4], 'number', 'token')
if holder ~= '-' then
  write('SADD', KEYS[2], ARGV[1] .. ' ' .. epoch .. ' ' .. ARGV[6] .. ' ' .. ARGV[2])
  write('PEXPIRE', KEYS[2], ARGV[5])
end
-- Where the app has seen a number that the store has not given, the store has forgotten some. Then what waits may be unseen though its number is
-- lower, if what had taken its place is forgotten, and what comes now may be below what the app has seen if the store's clock fell, too: it
-- is told by numbers above all of those. Below the last numbers nobody knows; what is so old was told before the store forgot.
local numbers, seen = redis.call('HGET', KEYS[3], '#') or '', tonumber(ARGV[9])
local number, oldest, isGiven = tonumber(string.match(numbers, '^%d+') or '0'), 0, false
for given in string.gmatch(numbers, '%d+') do
  oldest, isGiven = tonumber(given), isGiven or tonumber(given) == seen
end
if seen > oldest and not isGiven then
  number = math.max(number, seen)
  local entries, waiting = redis.call('HGETALL', KEYS[3]), {}
  for at = 1, #entries, 2 do
    local sequence, rest = string.match(entries[at + 1], '^(%d+) (.*)$')
    if sequence then
      table.insert(waiting, {field = entries[at], sequence = tonumber(sequence), rest = rest})
    end
  end
  table.sort(waiting, function(one, other) return one.sequence < other.sequence end)
  for after, command in ipairs(waiting) do
    write('HSET', KEYS[3], command.field, string.format('%d', number + after) .. ' ' .. command.rest)
  end
  write('HSET', KEYS[3], '#', numbered(numbered(numbers, seen, seen), number + 1, number + #waiting))
end
write('HSET', KEYS[1], ARGV[1], epoch .. ' ' .. ARGV[2] .. ' ' .. ARGV[3] .. others)
if holder ~= '-' and KEYS[6] ~= KEYS[5] then
  write('HDEL', KEYS[6], ARGV[1])
end
if ARGV[10] == '1' then
  write('HSET', KEYS[5], ARGV[1], epoch)
  if ARGV[12] ~= '' then
    write('HSET', KEYS[8], ARGV[1], ARGV[12])
  else
    write('HDEL', KEYS[8], ARGV[1])
  end
else
  write('HDEL', KEYS[5], ARGV[1])
end
if redis.call('HEXISTS', KEYS[7], ARGV[2]) == 0 then
  -- A writer that was renewed holds its lease from the next look on; until then somebody must find its end.
  write('HSET', KEYS[7], ARGV[2], string.format('%d', clock() + tonumber(ARGV[11])))
end
tell({{'claimed', ARGV[1], epoch, ARGV[2], ARGV[6], ARGV[10], ARGV[12]}})
apply()
return {'ok', epoch, log[1] or '0', log[2] or '0'}
