-- wrk -s checked.lua URL -- METHOD HOST HOSTS: of each answer, whether its body is of one release, and its headers of the same.
-- A page is one line over and over, which names its release; its ETag may go with this one text only.
local threads = {}

function setup(thread)
  threads[#threads + 1] = thread
end

function init(args)
  texts, counts, mixed, failed, answered = {}, {}, 0, 0, 0
  local body = args[1] == "POST" and string.rep("hello ", 200) or nil
  requests = {}
  for i = 1, tonumber(args[3]) do
    -- Where there are many hosts, a %d in the name is which.
    local host = args[2]:gsub("%%d", i - 1)
    requests[i] = wrk.format(args[1], nil, { Host = host }, body)
  end
end

function request()
  return requests[math.random(#requests)]
end

function response(status, headers, body)
  answered = answered + 1
  if status ~= 200 then
    failed = failed + 1
    return
  end
  local tag = headers["ETag"] or headers["etag"] or ""
  if texts[tag] == nil and is_whole(body) then
    texts[tag] = body
  end
  if texts[tag] == body then
    counts[tag] = (counts[tag] or 0) + 1
  else
    mixed = mixed + 1
  end
end

function is_whole(body)
  local line = body:match("^[^\n]+\n")
  return line ~= nil and body == line:rep(#body / #line)
end

function done(summary, latency)
  local seen = { answered = 0, mixed = 0, status = 0 }
  local releases = {}
  for _, thread in ipairs(threads) do
    seen.answered = seen.answered + thread:get("answered")
    seen.mixed = seen.mixed + thread:get("mixed")
    seen.status = seen.status + thread:get("failed")
    local texts = thread:get("texts")
    for tag, count in pairs(thread:get("counts")) do
      local release = texts[tag]:match("^[^\n]+")
      releases[release] = (releases[release] or 0) + count
    end
  end
  for _, kind in ipairs({ "connect", "read", "write", "timeout" }) do
    seen[kind] = summary.errors[kind]
  end
  seen.p50, seen.p99 = latency:percentile(50) / 1000, latency:percentile(99) / 1000
  io.write("checked: {")
  for name, value in pairs(seen) do
    io.write(string.format('"%s":%.10g,', name, value))
  end
  local counted = {}
  for release, count in pairs(releases) do
    counted[#counted + 1] = string.format('"%s":%d', release, count)
  end
  io.write('"releases":{' .. table.concat(counted, ",") .. "}}\n")
end
