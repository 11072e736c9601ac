-- Before each script on Redis, which takes a script whole or not at all: what is written is written at once.
local again, write = false, redis.call
local function apply() end
-- Tells whoever listens on a channel of this name, which has the keys' hash tag: of one shard where the store knows that.
local function publish(channel, message)
  redis.call(redis.REDIS_VERSION_NUM and 'SPUBLISH' or 'PUBLISH', channel, message)
end
-- The store's time (ms).
local function clock()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
