-- Adds a part to a checkpoint that is being written. Should it not become the last one, it goes by itself.
-- KEYS: parts
-- ARGV: part, expires after (ms)
-- Returns 'ok'
write('RPUSH', KEYS[1], ARGV[1])
write('PEXPIRE', KEYS[1], ARGV[2])
apply()
return 'ok'
