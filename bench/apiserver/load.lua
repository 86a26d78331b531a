-- The requests of one workload for wrk; arguments: VERB TOKEN NAMESPACE PREFIX COUNT.
-- COUNT is how many objects there are: get and patch go round them, delete and create end after them (0 = never).
local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; long nanoseconds; } timespec_t;
  int clock_gettime(int clock, timespec_t *time);
]]
local MONOTONIC = 1

local function now()
  local time = ffi.new("timespec_t")
  ffi.C.clock_gettime(MONOTONIC, time)
  return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
end

local threads = {}
function setup(thread) table.insert(threads, thread) end

-- about 500 bytes of object
local PADDING = string.rep("x", 380)

-- called for each answer only where objects run out: it costs time. SIGINT wakes wrk, which else sleeps to its end.
ffi.cdef [[ int kill(int process, int signal); int getpid(void); ]]
local function counted(status)
  if verb == "delete" or status == 201 then answered = answered + 1 end
  if answered < count or last > 0 then return end
  last = now()
  wrk.thread:stop()
  ffi.C.kill(ffi.C.getpid(), 2)
end

function init(args)
  verb, token, namespace, prefix, count = args[1], args[2], args[3], args[4], tonumber(args[5])
  base = "/api/v1/namespaces/" .. namespace .. "/configmaps"
  headers = { ["Authorization"] = "Bearer " .. token, ["Accept"] = "application/json" }
  json = { ["Authorization"] = headers["Authorization"], ["Accept"] = "application/json", ["Content-Type"] = "application/json" }
  merge = { ["Authorization"] = headers["Authorization"], ["Accept"] = "application/json", ["Content-Type"] = "application/merge-patch+json" }
  filler = wrk.format("GET", "/version", headers)
  list = wrk.format("GET", base, headers)
  sent, answered, first, last = -1, 0, 0, 0 -- wrk asks for one request only to look at it
  if count > 0 and (verb == "create" or verb == "delete") then response = counted end
end

function request()
  sent = sent + 1
  if sent == 1 then first = now() end
  if verb == "list" then return list end
  if verb == "create" then
    if count > 0 and sent > count then return filler end
    return wrk.format("POST", base, json, '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"' .. prefix .. sent ..
      '","labels":{"app":"bench"}},"data":{"text":"' .. PADDING .. '"}}')
  end
  if verb == "delete" then return wrk.format("DELETE", base .. "/" .. prefix .. sent, headers) end
  local n = (sent - 1) % count + 1
  if verb == "get" then return wrk.format("GET", base .. "/" .. prefix .. n, headers) end
  return wrk.format("PATCH", base .. "/" .. prefix .. n, merge, '{"data":{"count":"' .. sent .. '"}}')
end

function done(summary, latency)
  local thread = threads[1]
  local seconds = summary.duration / 1e6
  local first, last = thread:get("first"), thread:get("last")
  if last > 0 then seconds = last - first end
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"seconds":%.6f,"p50":%.3f,"p99":%.3f,"failed":%d,"broken":%d}\n',
    summary.requests, seconds, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
