-- Makes a checkpoint the last one: whole, and only if the log still has the last batch that may be in it, and so all before it.
-- KEYS: last checkpoint, its parts, parts of the last one so far, segment of that batch
-- ARGV: last checkpoint so far ('' for none), the new one, number of the batch, its token, number of parts, how long they stay (ms)
-- Returns 'ok' | 'passed': another one has come meanwhile | 'gone': parts of it have expired, or the store has forgotten the batch
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
  return 'passed'
end
if redis.call('LLEN', KEYS[2]) ~= tonumber(ARGV[5]) then
  return 'gone'
end
local first = redis.call('LINDEX', KEYS[4], 0)
local number = first and string.match(first, '^(%d+) ')
local entry = number and redis.call('LINDEX', KEYS[4], string.format('%d', tonumber(ARGV[3]) - tonumber(number)))
local told, token = string.match(entry or '', '^(%d+) (%x+) ')
if told ~= ARGV[3] or token ~= ARGV[4] then
  return 'gone'
end
write('SET', KEYS[1], ARGV[2])
write('PEXPIRE', KEYS[2], ARGV[6])
write('DEL', KEYS[3])
apply()
return 'ok'
