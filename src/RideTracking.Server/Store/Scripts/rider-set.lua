-- Makes or replaces a rider's entry. No feed tells of it: nodes read riders when they are asked for.
-- KEYS: riders, their ids in order
-- ARGV: the rider's id, the entry
-- Returns 1
write('HSET', KEYS[1], ARGV[1], ARGV[2])
write('ZADD', KEYS[2], '0', ARGV[1])
apply()
return 1
