-- Sends prepared requests in turn, and prints what came of them as one line of JSON.
-- Its arguments: the file of requests, each after a line with its length; and "statuses", to count
-- those too, which takes wrk's time and is left out while it measures.

local threads = {}
local requests = {}
local next_one = 0

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  local file = assert(io.open(args[1], "rb"))
  while true do
    local length = file:read("*l")
    if not length then break end
    table.insert(requests, file:read(tonumber(length)))
  end
  file:close()
  statuses = ""
  if args[2] == "statuses" then
    local counts = {}
    response = function(status)
      counts[status] = (counts[status] or 0) + 1
      local parts = {}
      for each, count in pairs(counts) do
        table.insert(parts, string.format('"%d": %d', each, count))
      end
      statuses = table.concat(parts, ", ")
    end
  end
end

function request()
  next_one = next_one % #requests + 1
  return requests[next_one]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %.6f, "bytes": %d, "p50": %.3f, "p99": %.3f, "most": %.3f, ' ..
    '"refused": %d, "broken": %d, "statuses": {%s}}\n',
    summary.requests, summary.duration / 1e6, summary.bytes,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    threads[1]:get("statuses")))
end
