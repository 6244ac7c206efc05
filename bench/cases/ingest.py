"""From a webhook to committed rows of message and media."""

import statistics
import threading
import time

from tools.mediary import webhooks
from tools.process import wait_for
from tools.report import at_least, at_most

SUSTAINED_PER_SECOND = 5000
PACED_PER_SECOND = 2000


def run(bench):
    # Rows of media are written, nothing is downloaded: that is measured elsewhere.
    servers = {backend: bench.mediary(backend) for backend in ("sqlite", "postgres")}
    for server in servers.values():
        server.set_up(policy="stream")
        server.start()
    rates = {backend: [] for backend in servers}
    for _ in range(bench.rounds):
        for backend, server in servers.items():
            rates[backend].append(sustained(bench, server))
    return [line for backend, server in servers.items() for line in lines(bench, backend, server, rates[backend])]


def lines(bench, backend, server, rates):
    case = f"ingest, {backend}"
    rate = statistics.median(rates)
    return [
        at_least(case, "messages with media committed, sustained", "/s", rate, SUSTAINED_PER_SECOND),
        at_most(case, f"lag at {PACED_PER_SECOND:,} messages/s", "s", lag(bench, server), 1),
    ]


def image(bench):
    _, files = bench.files
    return {"image_sha256": files["1130"][2], "media_id_prefix": f"1130{time.monotonic_ns()}"}


def sustained(bench, server):
    """Messages per second from the first webhook to the last row, one message a body, as many as are taken."""
    bodies = 15_000 if bench.quick else 50_000
    before = server.count("media_files")
    started = time.monotonic()
    webhooks(bench.load, server, 60, bodies=bodies, connections=64, **image(bench))
    wait_for(lambda: server.count("media_files") >= before + bodies, 120, "every message is committed", every=0.2)
    return bodies / (time.monotonic() - started)


def lag(bench, server):
    """The oldest that the newest committed message ever was, looked at again and again under a steady load."""
    seconds = bench.seconds * 2
    send = threading.Thread(
        target=webhooks, args=(bench.load, server, seconds), kwargs={"rate": PACED_PER_SECOND, "connections": 64, **image(bench)}
    )
    started = time.time()
    send.start()
    ages = []
    while send.is_alive():
        newest = server.query("select provider_message_id from messages order by id desc limit 1")
        sent = int(newest.removeprefix("wamid.")[:16]) / 1e6
        # Before the first message of this load is in, and after the last was sent, age is not lag.
        if started + 1 < time.time() < started + seconds - 0.5:
            ages.append(time.time() - sent)
        time.sleep(0.05)
    send.join()
    return max(ages)
