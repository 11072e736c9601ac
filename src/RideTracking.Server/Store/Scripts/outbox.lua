-- Before each script that puts commands into drivers' outboxes, or lets them go.

-- Under '#' an outbox has the numbers of the driver's last commands, the newest first ('<number>,<number>...'); it stays when all are
-- acknowledged. Tells what it becomes when the numbers from first to last are given. Eight: more are not given while a claim is on its way.
local function numbered(before, first, last)
  local numbers = {}
  for number = last, math.max(first, last - 7), -1 do
    table.insert(numbers, string.format('%d', number))
  end
  for number in string.gmatch(before, '%d+') do
    if #numbers < 8 then
      table.insert(numbers, number)
    end
  end
  return table.concat(numbers, ',')
end
-- When an entry may be let go by itself (ms). An offer that expired untold is looked for at its deadline, and goes when that is served;
-- that may be late.
local function goesAt(field, expires)
  return tonumber(expires) + (string.sub(field, 1, 6) == 'offer:' and 600000 or 0)
end
