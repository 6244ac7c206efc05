"""Files fetched from a fast stand-in for WhatsApp, hashed, synced, recorded."""

import os
import time

from anchors.files import curl_and_sync, durable_loop
from tools.mediary import webhooks
from tools.process import wait_for
from tools.report import against

PARALLEL = 16


def run(bench):
    return measure(bench, "300 KB", "1130", 300 if bench.quick else 1500) + measure(bench, "16 MB", "1116", 16 if bench.quick else 60)


def measure(bench, what, prefix, files):
    _, known = bench.files
    _, size, sha256 = known[prefix]
    server = bench.mediary(
        graph_url=bench.graph.url,
        settings={"MEDIARY_WORKERS": str(PARALLEL), "MEDIARY_DOWNLOADS_PER_COMPANY": str(PARALLEL)},
    )
    server.set_up(policy="store")
    server.start()
    rates, loops, curls = [], [], []
    folder = bench.new_folder("durable")
    for number in range(bench.rounds):
        loops.append(durable_loop(bench.load, os.path.join(folder, f"loop{number}"), size, files, PARALLEL))
        curls.append(curl_and_sync(os.path.join(folder, f"curl{number}"), bench.graph.url, prefix, files, PARALLEL))
        rates.append(download(bench, server, prefix, sha256, files))
    case = f"downloads, {what}"
    return [
        against(case, "hashed, synced, recorded", "files/s", rates, f"bare durable loop, {PARALLEL} threads", loops, 0.5),
        against(case, "the same", "files/s", rates, "curl -Z + sha256sum + sync", curls, 1.0),
    ]


def download(bench, server, prefix, sha256, files):
    """Files per second from the first webhook to the last recorded file."""
    completed = lambda: server.count("media_files", "download_status = 'completed'")
    before, per_body = completed(), 50 if files >= 50 else files
    bodies = -(-files // per_body)
    started = time.monotonic()
    webhooks(
        bench.load, server, 60, bodies=bodies, connections=1, messages_per_body=per_body,
        image_sha256=sha256, media_id_prefix=f"{prefix}{time.monotonic_ns()}",
    )
    wait_for(lambda: completed() >= before + bodies * per_body, 180, "every file is recorded", every=0.02)
    return bodies * per_body / (time.monotonic() - started)
