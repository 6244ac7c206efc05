"""A fresh installation: how soon it is ready, and what it takes to do nothing."""

import statistics
import time

from tools.report import at_most

SETTLE_SECONDS = 3


def run(bench):
    server = bench.mediary()
    server.set_up()
    ready = []
    for _ in range(bench.rounds + 2):
        ready.append(server.start())
        server.stop()
    server.start()
    time.sleep(SETTLE_SECONDS)
    memory = server.memory("Rss") / 1e6
    return [
        at_most("idle", "start until ready", "s", statistics.median(ready), 0.5),
        at_most("idle", "memory (RSS)", "MB", memory, 40),
    ]
