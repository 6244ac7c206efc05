"""A thousand readers on slow lines: what each costs in memory."""

import subprocess
import time

from cases.stored import server_with_files
from tools.process import LOAD_CORE, merged, on_core
from tools.report import at_most

READERS = 1000


def run(bench):
    server, stored = server_with_files(bench)
    time.sleep(1)
    idle = server.memory()
    seconds = 6 if bench.quick else 12
    command = [bench.load, "slow-readers", "--url", server.url + stored[16_000_000][0][0], "--connections", str(READERS)]
    readers = subprocess.Popen(
        on_core(LOAD_CORE, [*command, "--seconds", str(seconds)]),
        env=merged({"BENCH_BEARER": server.bearer}), stdout=subprocess.PIPE, text=True,
    )
    most = idle
    while readers.poll() is None:
        most = max(most, server.memory())
        time.sleep(0.25)
    result = readers.stdout.read()
    if readers.returncode != 0 or '"failed":0' not in result:
        raise RuntimeError(f"slow readers failed: {result}")
    each = (most - idle) / READERS / 1000
    return [at_most("slow readers", f"memory above idle for each of {READERS:,} on 16 MB", "KB", each, 64)]
