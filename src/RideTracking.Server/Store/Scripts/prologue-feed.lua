-- After the prologue of Redis, before each script that decides what other nodes must know: `tell` appends it to a feed, as the
-- feed's next entry, and publishes it, in the same step. The feed's keys stand behind the script's own; behind its arguments
-- the entry's form, the commit's token, and after how long the older half of the feed may go (ms).
local feed, head = KEYS[#KEYS - 1], KEYS[#KEYS]
KEYS[#KEYS], KEYS[#KEYS - 1] = nil, nil
local form, token, keep = ARGV[#ARGV - 2], ARGV[#ARGV - 1], tonumber(ARGV[#ARGV])
ARGV[#ARGV], ARGV[#ARGV - 1], ARGV[#ARGV - 2] = nil, nil, nil
-- Each change is a list: its kind, and what belongs to it.
local function tell(changes)
  local now = clock()
  -- Without a head the numbers begin at the time, so that those of a feed that was lost are not given again.
  local last, before, since, old = string.match(redis.call('GET', head) or '', '^(%d+) (%x+) (%d+) (%d+)$')
  last, since = tonumber(last or now), tonumber(since or now)
  local number = string.format('%d', last + 1)
  local parts = {number, ' ', token, ' ', before or '0', ' ', form, ' '}
  for _, change in ipairs(changes) do
    table.insert(parts, #change .. ' ')
    for _, part in ipairs(change) do
      table.insert(parts, #part .. ' ')
      table.insert(parts, part)
    end
  end
  if now - since >= keep then
    redis.call('ZREMRANGEBYSCORE', feed, '-inf', old or '0')
    since, old = now, number
  end
  local entry = table.concat(parts)
  redis.call('ZADD', feed, number, entry)
  redis.call('SET', head, number .. ' ' .. token .. ' ' .. string.format('%d', since) .. ' ' .. (old or '0'))
  publish(head, entry)
  return number
end
