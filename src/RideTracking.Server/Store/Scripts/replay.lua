-- Begins a replay, or joins the one that other nodes are at. It is forgotten a while after the last of them.
-- KEYS: the replay
-- ARGV: the replay, if there is none; forgotten after (ms)
-- Returns the replay that there is
local kept = redis.call('GET', KEYS[1]) or ARGV[1]
write('SET', KEYS[1], kept, 'PX', ARGV[2])
apply()
return kept
