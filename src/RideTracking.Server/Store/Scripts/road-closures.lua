-- Keeps the closures that hold from now on, under the next version.
-- KEYS: closures, their version
-- ARGV: closures
-- Returns {'ok', their version}
local version = tonumber(redis.call('GET', KEYS[2]) or '0') + 1
write('SET', KEYS[1], ARGV[1])
write('SET', KEYS[2], string.format('%d', version))
tell({{'closures'}})
apply()
return {'ok', version}
