-- Removes an entry.
-- KEYS: entries, the revisions of those that have one
-- ARGV: what kind of entries they are, the entry's id
-- Returns {'ok', number of the change in the feed (0: there is no feed)} | {'none'}
if redis.call('HEXISTS', KEYS[1], ARGV[2]) == 0 then
  return {'none'}
end
write('HDEL', KEYS[1], ARGV[2])
write('HDEL', KEYS[2], ARGV[2])
local number = tell({{ARGV[1], ARGV[2]}})
apply()
return {'ok', number or '0'}
