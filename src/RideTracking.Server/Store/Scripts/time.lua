-- What time it is, in one reading. It writes nothing, and so needs no prologue.
-- KEYS: what the time is corrected by
-- Returns {seconds, microseconds, the correction (ms), the run of the server that answers}
-- A replica has another clock, and no say.
local replication = redis.pcall('INFO', 'replication')
if type(replication) == 'string' and string.find(replication, 'role:slave', 1, true) then
  return redis.error_reply('READONLY This server is a replica, whose time is not the area\'s.')
end
local time = redis.call('TIME')
-- Where it may not be asked for, a fail-over to another clock is taken for a step.
local info = redis.pcall('INFO', 'server')
local run = type(info) == 'string' and string.match(info, 'run_id:(%w+)') or ''
return {time[1], time[2], redis.call('GET', KEYS[1]) or '0', run}
