-- Makes or replaces an entry.
-- KEYS: entries
-- ARGV: what kind of entries they are, the entry's id, the entry
-- Returns {'ok', number of the change in the feed (0: there is no feed)}
write('HSET', KEYS[1], ARGV[2], ARGV[3])
local number = tell({{ARGV[1], ARGV[2], ARGV[3]}})
apply()
return {'ok', number or '0'}
