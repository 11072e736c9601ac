-- KEYS: a number
-- Returns the number, one more than it was
local number = tonumber(redis.call('GET', KEYS[1]) or '0') + 1
write('SET', KEYS[1], string.format('%d', number))
apply()
return number
