-- Adds to sums; one that is no number begins anew.
-- KEYS: sums
-- ARGV: their names, then as many amounts
local n = #ARGV / 2
local sums, added = redis.call('HMGET', KEYS[1], unpack(ARGV, 1, n)), {}
for i = 1, n do
  added[2 * i - 1] = ARGV[i]
  added[2 * i] = string.format('%.17g', (tonumber(sums[i] or '0') or 0) + tonumber(ARGV[n + i]))
end
write('HSET', KEYS[1], unpack(added))
apply()
return n
