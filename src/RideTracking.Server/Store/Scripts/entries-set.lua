-- Makes or replaces entries, those that are not older than what is there.
-- KEYS: entries, the revisions of those that have one
-- ARGV: what kind of entries they are; then for each entry: id, revision ('' for none), entry
-- Returns {'ok', number of the change in the feed (0: there is no feed), places (from 1) of those that are older...} | {'none', places...} when all are
local ids = {}
for at = 2, #ARGV, 3 do
  table.insert(ids, ARGV[at])
end
local revisions, old = redis.call('HMGET', KEYS[2], unpack(ids)), {}
local entries, newer, changes = {}, {}, {}
for place, id in ipairs(ids) do
  local revision, entry = ARGV[3 * place], ARGV[3 * place + 1]
  if revision ~= '' and revisions[place] and tonumber(revision) < tonumber(revisions[place]) then
    table.insert(old, place)
  else
    table.insert(entries, id)
    table.insert(entries, entry)
    if revision ~= '' then
      table.insert(newer, id)
      table.insert(newer, revision)
    end
    table.insert(changes, {ARGV[1], id, entry})
  end
end
if #changes == 0 then
  return {'none', unpack(old)}
end
write('HSET', KEYS[1], unpack(entries))
if #newer > 0 then
  write('HSET', KEYS[2], unpack(newer))
end
local number = tell(changes)
apply()
return {'ok', number or '0', unpack(old)}
