-- Holds a node's lease a while longer, with the area's work and its matching where nobody else holds them, and tells whose leases have
-- run out.
-- KEYS: nodes
-- ARGV: writer, how long a lease lasts (ms), whether this writer has held one before (1), whether no other node can be there (1),
--       whether matching is to move here (1), the name that this node had before, if it has another one now,
--       the newest form of records that this node reads, and up to which it lets them be written, its machine with the digest of its settings
-- Returns {'ok', whether it holds the work (1), whether it holds matching (1), whether other nodes are there (1), the form to write, a line with what each other node tells of its machine and settings, then writer and end of each lease that has run out}
--       | {'ended'}: this one's was ended by another node | {'form', the one that the nodes write by now}: this one cannot read it
local now, length = clock(), tonumber(ARGV[2])
local entries, fields = redis.call('HGETALL', KEYS[1]), {}
for at = 1, #entries, 2 do
  fields[entries[at]] = entries[at + 1]
end
-- '#form': of what may have been written; it rises when all nodes that are there let it. '#form <writer>': how far each does.
local form, newest = tonumber(fields['#form'] or '1'), tonumber(ARGV[8])
if form > tonumber(ARGV[7]) then
  return {'form', string.format('%d', form)}
end
if ARGV[3] == '1' and not fields[ARGV[1]] then
  return {'ended'}
end

-- '#seen': when any node was here last. After a time without anybody the store was away, or its clock has leapt: nobody is judged for
-- one lease's length, so that all can come back. '#judged': from when on. An end that is far ahead is of a clock that was set back since.
local seen, judged = tonumber(fields['#seen']), tonumber(fields['#judged'] or '0')
if not seen or now - seen > length / 2 or now < seen then
  judged = now + length
end
local function isMine(role, isClaimed)
  local holder = fields[role]
  return isClaimed or holder == ARGV[1] or holder == ARGV[6] or not holder or not fields[holder] or ARGV[4] == '1'
end
local holdings = {}
local reply = {'ok'}
for i, role in ipairs({'#work', '#matching'}) do
  local mine = isMine(role, i == 2 and ARGV[5] == '1')
  if mine then
    table.insert(holdings, role)
    table.insert(holdings, ARGV[1])
  end
  table.insert(reply, mine and '1' or '0')
end
local others, told = '0', {}
for writer in pairs(fields) do
  if string.sub(writer, 1, 1) ~= '#' and writer ~= ARGV[1] then
    others = '1'
    newest = math.min(newest, tonumber(fields['#form ' .. writer] or '1'))
    table.insert(told, fields['#settings ' .. writer])
  end
end
table.insert(reply, others)
form = string.format('%d', math.max(form, newest))
table.insert(reply, form)
table.insert(reply, table.concat(told, '\n'))
for writer, ends in pairs(fields) do
  if string.sub(writer, 1, 1) ~= '#' and writer ~= ARGV[1] and ((tonumber(ends) < now or tonumber(ends) > now + 2 * length) and judged <= now or ARGV[4] == '1') then
    table.insert(reply, writer)
    table.insert(reply, ends)
  end
end
write('HSET', KEYS[1], ARGV[1], string.format('%d', now + length), '#seen', string.format('%d', now), '#judged', string.format('%d', judged),
  '#form', form, '#form ' .. ARGV[1], ARGV[8], '#settings ' .. ARGV[1], ARGV[9], unpack(holdings))
apply()
return reply
