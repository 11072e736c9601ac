-- Forgets the commands that a driver's app has, and those that expired meanwhile.
-- KEYS: connections, outbox
-- ARGV: driver, its claim ("<epoch> <writer>"), through sequence, now (ms)
-- Returns {'ok', acknowledged, expired, still waiting} | {'epoch', the claim that holds the driver now ('-': none)}
local connection = redis.call('HGET', KEYS[1], ARGV[1])
local claim = connection and string.match(connection, '^%d+ %S+') or '-'
if claim ~= ARGV[2] then
  return {'epoch', claim}
end
local through, now = tonumber(ARGV[3]), tonumber(ARGV[4])
local entries, gone, acknowledged, waiting = redis.call('HGETALL', KEYS[2]), {}, 0, 0
for i = 1, #entries, 2 do
  local sequence, expires = string.match(entries[i + 1], '^(%d+) (%d+) ')
  if not sequence or (tonumber(expires) <= now and goesAt(entries[i], expires) > now) then
    -- The numbers of the last commands, too.
  elseif tonumber(sequence) <= through then
    table.insert(gone, entries[i])
    acknowledged = acknowledged + 1
  elseif tonumber(expires) <= now then
    table.insert(gone, entries[i])
  else
    waiting = waiting + 1
  end
end
if #gone > 0 then
  write('HDEL', KEYS[2], unpack(gone))
end
apply()
return {'ok', acknowledged, #gone - acknowledged, waiting}
