-- Removes a rider's entry.
-- KEYS: riders, their ids in order
-- ARGV: the rider's id
-- Returns whether there was one (1)
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
  return 0
end
write('HDEL', KEYS[1], ARGV[1])
write('ZREM', KEYS[2], ARGV[1])
apply()
return 1
