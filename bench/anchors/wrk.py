"""wrk: the load on everything that is served, ours and nginx's alike."""

import os
import re

from tools.process import LOAD_CORE, need, run

# Requests go round over all paths; ranges, where asked for, are of one length at changing places.
SCRIPT = """
local paths, requests, turn = {paths}, {{}}, 0
local range, size = {range}, {size}
function init()
  for _, path in ipairs(paths) do
    if range > 0 then
      for place = 0, size - range, range do
        local headers = {{}}
        for name, value in pairs(wrk.headers) do headers[name] = value end
        headers["Range"] = string.format("bytes=%d-%d", place, place + range - 1)
        table.insert(requests, wrk.format("GET", path, headers))
      end
    else
      table.insert(requests, wrk.format("GET", path))
    end
  end
end
function request()
  turn = turn % #requests + 1
  return requests[turn]
end
function done(summary, latency)
  io.write(string.format("RESULT %d %d %d %.3f %.3f %d\\n", summary.requests, summary.duration, summary.bytes,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
"""


def wrk(folder, url, paths, connections, seconds, bearer=None, range_bytes=0, size=0):
    """Loads a server and returns {rate, mb_per_second, bytes, p50_ms, p99_ms}. Any answer but 2xx is an error."""
    script = os.path.join(folder, "wrk.lua")
    quoted = "{" + ", ".join(f'"{path}"' for path in paths) + "}"
    with open(script, "w") as file:
        file.write(SCRIPT.format(paths=quoted, range=range_bytes, size=size))
    command = [need("wrk", "wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", script]
    if bearer:
        command += ["-H", f"Authorization: Bearer {bearer}"]
    output = run([*command, url], LOAD_CORE, timeout=seconds + 60)
    found = re.search(r"RESULT (\d+) (\d+) (\d+) ([\d.]+) ([\d.]+) (\d+)", output)
    if not found:
        raise RuntimeError(f"wrk said no result: {output[-800:]}")
    requests, micros, size_bytes, p50, p99, errors = (float(value) for value in found.groups())
    if errors > requests / 1000:
        raise RuntimeError(f"{int(errors)} of {int(requests)} requests to {url}{paths[0]} failed")
    seconds = micros / 1e6
    rates = {"rate": requests / seconds, "mb_per_second": size_bytes / seconds / 1e6}
    return {**rates, "bytes": size_bytes, "p50_ms": p50, "p99_ms": p99}
