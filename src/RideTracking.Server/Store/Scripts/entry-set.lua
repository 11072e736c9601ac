-- Makes or replaces an entry that holds the number of the change.
-- KEYS: entries, the number of all changes of theirs
-- ARGV: what kind of entries they are, the entry's id, the entry, what the number was before, what it is then
-- Returns {'ok', number of the change in the feed (0: there is no feed)} | {'changed'}: the number is another one
if (redis.call('GET', KEYS[2]) or '0') ~= ARGV[4] then
  return {'changed'}
end
write('SET', KEYS[2], ARGV[5])
write('HSET', KEYS[1], ARGV[2], ARGV[3])
local number = tell({{ARGV[1], ARGV[2], ARGV[3]}})
apply()
return {'ok', number or '0'}
