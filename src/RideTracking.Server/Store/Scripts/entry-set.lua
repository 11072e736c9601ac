-- Makes or replaces an entry.
-- KEYS: entries; with a number of all changes of theirs, which the entry holds: that number
-- ARGV: what kind of entries they are, the entry's id, the entry; with a number: what it was before, what it is then
-- Returns {'ok', number of the change in the feed (0: there is no feed)} | {'changed'}: the number is another one
if KEYS[2] then
  if (redis.call('GET', KEYS[2]) or '0') ~= ARGV[4] then
    return {'changed'}
  end
  write('SET', KEYS[2], ARGV[5])
end
write('HSET', KEYS[1], ARGV[2], ARGV[3])
local number = tell({{ARGV[1], ARGV[2], ARGV[3]}})
apply()
return {'ok', number or '0'}
