-- Keeps a value where there is none: of many nodes that each bring one, the first one's holds.
-- KEYS: the value
-- ARGV: the value, if there is none
-- Returns the value that it has
local kept = redis.call('GET', KEYS[1])
if not kept then
  kept = ARGV[1]
  write('SET', KEYS[1], kept)
end
apply()
return kept
