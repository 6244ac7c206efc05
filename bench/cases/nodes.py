"""More nodes over one Postgres and one bucket: whether they do more work."""

import concurrent.futures
import time

from tools.mediary import webhooks
from tools.process import LOAD_CORE, SERVER_CORE, wait_for
from tools.report import against, told

NODES = 3
WORKERS = 16
# How late the answers of the Graph API are. A node then does as much as it has downloads at once, however fast its core
# is, and more nodes can do more on the same machine.
LATE_MS = 400
CONNECTIONS = 64
# The nodes that take webhooks have both cores between them, and share them with the load and Postgres.
CORES = [SERVER_CORE, LOAD_CORE, None]


def run(bench):
    return [*downloads(bench), *acknowledgements(bench)]


def downloads(bench):
    """One node takes the webhooks, one to three others download, all of them on the core that a single node has."""
    bucket = bench.bucket()
    settings = {
        **bucket.settings,
        "MEDIARY_WORKERS": str(WORKERS),
        # This limit holds over all nodes.
        "MEDIARY_DOWNLOADS_PER_COMPANY": str(WORKERS * NODES),
    }
    front = bench.mediary("postgres", graph_url=bench.late(bench.graph.url, LATE_MS).url, settings=settings)
    front.set_up(policy="store")
    front.start("--no-workers", core=LOAD_CORE)
    nodes = [bench.node(front) for _ in range(NODES)]
    rates = {count: [] for count in range(1, NODES + 1)}
    for _ in range(bench.rounds):
        for count, found in rates.items():
            for node in nodes[:count]:
                node.start("--workers-only")
            found.append(download(bench, front, count))
            for node in nodes[:count]:
                node.stop()
    front.stop()
    case = "nodes, downloads of 300 KB"
    return [
        told(case, "two nodes", "files/s", rates[2], "one node", rates[1]),
        against(case, "three nodes", "files/s", rates[3], "one node", rates[1], 1.5),
    ]


def download(bench, front, nodes):
    """Files per second from the first webhook to the last recorded file."""
    _, _, sha256 = bench.files[1]["1130"]
    completed = lambda: front.count("media_files", "download_status = 'completed'")
    before, bodies, per_body = completed(), nodes * (1 if bench.quick else 3), 50
    started = time.monotonic()
    webhooks(
        bench.load, front, 60, bodies=bodies, connections=1, messages_per_body=per_body,
        image_sha256=sha256, media_id_prefix=f"1130{time.monotonic_ns()}",
    )
    wait_for(lambda: completed() >= before + bodies * per_body, 120, "every file is recorded")
    return bodies * per_body / (time.monotonic() - started)


def acknowledgements(bench):
    """Webhooks to one to three nodes at once."""
    server = bench.mediary("postgres")
    server.set_up(policy="stream")
    nodes = [server, *(bench.node(server) for _ in range(NODES - 1))]
    for node, core in zip(nodes, CORES):
        node.start("--no-workers", core=core)
    rates = {count: [] for count in range(1, NODES + 1)}
    for _ in range(bench.rounds):
        for count, found in rates.items():
            found.append(acknowledged(bench, nodes[:count]))
    case = f"nodes, webhooks, c={CONNECTIONS} to each"
    return [
        told(case, "two nodes", "/s", rates[2], "one node", rates[1]),
        told(case, "three nodes", "/s", rates[3], "one node", rates[1]),
    ]


def acknowledged(bench, nodes):
    """Webhooks per second over all nodes, each with clients of its own, so that what it commits together is as much."""
    send = lambda node: webhooks(bench.load, node, bench.seconds, connections=CONNECTIONS)
    with concurrent.futures.ThreadPoolExecutor(len(nodes)) as threads:
        results = list(threads.map(send, nodes))
    failed = sum(result["failed"] for result in results)
    if failed:
        raise RuntimeError(f"{failed} webhooks were not acknowledged")
    return sum(result["rate"] for result in results)
