-- What time it is, in one reading. It writes nothing, and so needs no prologue.
-- KEYS: what the time is corrected by
-- Returns {seconds, microseconds, the correction (ms), the run of the server that answers}
local time = redis.call('TIME')
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
return {time[1], time[2], redis.call('GET', KEYS[1]) or '0', run or ''}
