-- Commits one decision of the dispatch, all of it or nothing: the trip, its events, the plans, the drivers' commands, the
-- trip's deadline and the answer to who asked for it.
-- KEYS: connections, plans, deadlines, trip, answer, trip events, cursor of trip events, ended trips, then an outbox for
--       each plan
-- ARGV: 1 now (ms), 2 acting driver ('' for none), 3 its claim ("<epoch> <writer>"), 4 trip id ('' for no trip), 5 name of the trip's state that was
--       decided on (0: there was none), 6 trip ('' unchanged), 7 its deadline (ms, '' for a final trip),
--       8 a final trip expires after (ms), 9 answer ('' for none), 10 answer expires after (ms),
--       11 commands an outbox may hold ('' any number), 12 the events' token, 13 number of plans; then for each plan: driver,
--       name of the state that was decided on, plan ('' unchanged), field of the command that the app must have had ('' for none),
--       n fields of superseded commands, the n fields, m commands, and for
--       each of the m: field, expires at (ms), command; at last k events of the trip, and the k events
-- Returns {'ok', commands waiting for each plan's driver...} | {'repeated', answer} | {'epoch', the claim that holds the driver now ('-': none)}
--       | {'changed', trip, plans...} with what is stored now ('' for none) | {'full', driver}
--       | {'untold', driver} whose app has not acknowledged what it must have had
local now = tonumber(ARGV[1])
local cursor = 13
local function take()
  cursor = cursor + 1
  return ARGV[cursor]
end
-- Version and token. A version alone is given again by a store that has forgotten its last writes.
local function name(record)
  return record and string.match(record, '^%d+ %x*') or '0'
end

if ARGV[2] ~= '' then
  local connection = redis.call('HGET', KEYS[1], ARGV[2])
  local claim = connection and string.match(connection, '^%d+ %S+') or '-'
  if claim ~= ARGV[3] then
    return {'epoch', claim}
  end
end
local read = redis.call('MGET', KEYS[4], KEYS[5], KEYS[7])
if ARGV[9] ~= '' and read[2] then
  return {'repeated', read[2]}
end

local plans, drivers = {}, {}
for p = 1, tonumber(ARGV[13]) do
  local plan = {driver = take(), name = take(), record = take(), had = take(), superseded = {}, commands = {}}
  for _ = 1, tonumber(take()) do
    table.insert(plan.superseded, take())
  end
  for _ = 1, tonumber(take()) do
    table.insert(plan.commands, {field = take(), expires = take(), command = take()})
  end
  plans[p], drivers[p] = plan, plan.driver
end
local events = {}
for e = 1, tonumber(take()) do
  events[e] = take()
end

local trip = ARGV[4] ~= '' and read[1]
local stored = #drivers > 0 and redis.call('HMGET', KEYS[2], unpack(drivers)) or {}
local changed = ARGV[4] ~= '' and name(trip) ~= ARGV[5]
for p, plan in ipairs(plans) do
  changed = changed or name(stored[p]) ~= plan.name
end
if changed then
  local reply = {'changed', trip or ''}
  for p = 1, #plans do
    table.insert(reply, stored[p] or '')
  end
  return reply
end

-- What the outboxes hold, and what of it is in the way.
for p, plan in ipairs(plans) do
  local outbox = KEYS[8 + p]
  -- What an app has not acknowledged is still there. Here alone that is known: a look before the commit may meet another past than it.
  if plan.had ~= '' and redis.call('HEXISTS', outbox, plan.had) == 1 then
    return {'untold', plan.driver}
  end
  plan.length = redis.call('HLEN', outbox)
  plan.expired = {}
  if ARGV[11] ~= '' and #plan.commands > 0 and plan.length > tonumber(ARGV[11]) then
    local entries = redis.call('HGETALL', outbox)
    for i = 1, #entries, 2 do
      local expires = string.match(entries[i + 1], '^%d+ (%d+) ')
      if expires and goesAt(entries[i], expires) <= now then
        table.insert(plan.expired, entries[i])
      end
    end
    if #plan.expired == 0 then
      return {'full', plan.driver}
    end
  end
  if #plan.commands > 0 or #plan.superseded > 0 then
    local fields = {'#', unpack(plan.superseded)}
    for _, command in ipairs(plan.commands) do
      table.insert(fields, command.field)
    end
    local found = redis.call('HMGET', outbox, unpack(fields))
    -- A number is the time at least: a store that has forgotten its last writes gives the numbers that apps have seen to nothing else.
    plan.numbers, plan.has = found[1] or '', {}
    plan.last = math.max(tonumber(string.match(plan.numbers, '^%d+') or '0'), now - 1)
    for i, field in ipairs(fields) do
      plan.has[field] = found[i] ~= false
    end
  end
end

if ARGV[6] ~= '' then
  if ARGV[7] ~= '' then
    write('SET', KEYS[4], ARGV[6])
    write('ZADD', KEYS[3], ARGV[7], ARGV[4])
  else
    write('SET', KEYS[4], ARGV[6], 'PX', ARGV[8])
    write('ZREM', KEYS[3], ARGV[4])
    write('ZADD', KEYS[8], ARGV[1], ARGV[4])
  end
end
if #events > 0 then
  local last, before = string.match(read[3] or '0', '^(%d+) ?(%x*)$')
  local members = {}
  for e, event in ipairs(events) do
    local at = string.format('%d', tonumber(last) + e)
    members[2 * e - 1] = at
    members[2 * e] = at .. ' ' .. ARGV[12] .. ' ' .. (e > 1 and ARGV[12] or before ~= '' and before or '0') .. ' ' .. event
  end
  write('SET', KEYS[7], string.format('%d', tonumber(last) + #events) .. ' ' .. ARGV[12])
  write('ZADD', KEYS[6], unpack(members))
end
if ARGV[9] ~= '' then
  write('SET', KEYS[5], ARGV[9], 'PX', ARGV[10])
end

local records, reply = {}, {'ok'}
for p, plan in ipairs(plans) do
  local outbox, has, length = KEYS[8 + p], plan.has, plan.length
  if plan.record ~= '' then
    table.insert(records, plan.driver)
    table.insert(records, plan.record)
  end
  if #plan.expired > 0 then
    write('HDEL', outbox, unpack(plan.expired))
    length = length - #plan.expired
    for _, field in ipairs(plan.expired) do
      has[field] = false
    end
  end
  if #plan.superseded > 0 then
    write('HDEL', outbox, unpack(plan.superseded))
    for _, field in ipairs(plan.superseded) do
      if has[field] then
        length, has[field] = length - 1, false
      end
    end
  end
  if #plan.commands > 0 then
    local last = plan.last + #plan.commands
    local entries = {'#', numbered(plan.numbers, plan.last + 1, last)}
    if not has['#'] then
      length = length + 1
    end
    for i, command in ipairs(plan.commands) do
      table.insert(entries, command.field)
      table.insert(entries, string.format('%d', last - #plan.commands + i) .. ' ' .. command.expires .. ' ' .. command.command)
      if not has[command.field] then
        length, has[command.field] = length + 1, true
      end
    end
    write('HSET', outbox, unpack(entries))
  end
  table.insert(reply, math.max(0, length - 1))
end
if #records > 0 then
  write('HSET', KEYS[2], unpack(records))
end
-- Trip and plans in one change: whoever sees the one must see the others.
local commit = {'commit', ARGV[6]}
local changes = {commit}
for _, plan in ipairs(plans) do
  if plan.record ~= '' then
    table.insert(commit, plan.record)
  end
  if #plan.commands > 0 then
    table.insert(changes, {'told', plan.driver})
  end
end
tell(changes)
apply()
return reply
