-- Names what the store holds where nothing does. Who finds no name later, or another one, knows that it was emptied or replaced.
-- KEYS: generation
-- ARGV: 1 a name, of chance
-- Returns the name that it has
local name = redis.call('GET', KEYS[1])
if not name then
  name = ARGV[1]
  write('SET', KEYS[1], name)
end
apply()
return name
