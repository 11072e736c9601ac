-- KEYS: entries
-- ARGV: the one to remove
-- Returns 1, or 0 when there was none
local was = redis.call('HEXISTS', KEYS[1], ARGV[1])
if was == 1 then
  write('HDEL', KEYS[1], ARGV[1])
  apply()
end
return was
