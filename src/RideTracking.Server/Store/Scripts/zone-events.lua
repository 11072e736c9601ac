-- Appends zone events and keeps what the drivers' visits are after them, both or neither. What a driver did by fixes of a connection that
-- another node has taken the driver over from is that node's to tell: it is left out.
-- KEYS: events, cursor, visits, connections
-- ARGV: events kept, the events' token, writer, d, d pairs of a driver and the epoch of whose fixes told it ('' when it is so by time alone),
--       n, n pairs of which of the d it is of and an event, then pairs of which of the d and its visits; none while more events of the
--       same step follow
-- Returns {'ok', the number of the last event}
local token, d = ARGV[2], tonumber(ARGV[4])
local passed = {}
for i = 1, d do
  local driver, epoch = ARGV[3 + 2 * i], ARGV[4 + 2 * i]
  local connection = epoch ~= '' and redis.call('HGET', KEYS[4], driver)
  if connection then
    local now, writer = string.match(connection, '^(%d+) (%S+)')
    passed[i] = writer ~= ARGV[3] and tonumber(now) > tonumber(epoch)
  end
end

local last, before = string.match(redis.call('GET', KEYS[2]) or '0', '^(%d+) ?(%x*)$')
last = tonumber(last)
local at, n = 5 + 2 * d, tonumber(ARGV[5 + 2 * d])
local members, changes, written = {}, {}, 0
for i = 1, n do
  if not passed[tonumber(ARGV[at + 2 * i - 1])] then
    last, written = last + 1, written + 1
    local first = written == 1
    table.insert(members, string.format('%d', last))
    table.insert(members, string.format('%d', last) .. ' ' .. token .. ' ' .. (not first and token or before ~= '' and before or '0') .. ' ' .. ARGV[at + 2 * i])
    table.insert(changes, {'zone_event', ARGV[at + 2 * i], ARGV[3]})
  end
end
if written > 0 then
  write('SET', KEYS[2], string.format('%d', last) .. ' ' .. token)
  write('ZADD', KEYS[1], unpack(members))
  write('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%d', last - tonumber(ARGV[1])))
end
local visits = {}
for i = at + 2 * n + 1, #ARGV, 2 do
  local of = tonumber(ARGV[i])
  if not passed[of] then
    table.insert(visits, ARGV[3 + 2 * of])
    table.insert(visits, ARGV[i + 1])
    table.insert(changes, {'visits', ARGV[3 + 2 * of], ARGV[i + 1], ARGV[3]})
  end
end
if #visits > 0 then
  write('HSET', KEYS[3], unpack(visits))
end
tell(changes)
apply()
return {'ok', last}
