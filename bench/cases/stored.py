"""Files of every size, stored by the server itself, for the cases that read them."""

import time

from tools.bench import SIZES
from tools.mediary import webhooks
from tools.process import wait_for

COPIES = {"1120": 32, "1130": 16, "1116": 4}


def server_with_files(bench):
    """A running server and its files, some of every size."""
    _, files = bench.files
    server = bench.mediary(graph_url=bench.graph.url)
    server.set_up(policy="store")
    server.start()
    for prefix, copies in COPIES.items():
        webhooks(
            bench.load, server, 30, bodies=1, connections=1, messages_per_body=copies, image_sha256=files[prefix][2],
            media_id_prefix=f"{prefix}{time.monotonic_ns()}",
        )
    total = sum(COPIES.values())
    stored = lambda: server.count("media_files", "download_status = 'completed'") >= total
    wait_for(stored, 60, "every file is stored")
    return server, stored_files(server)


def stored_files(server):
    """{size: [(path to ask for it, key in storage)]} of all files that a server has."""
    found = {size: [] for size in SIZES.values()}
    for item in records(server):
        key = f"media/{item['companyId']}/{item['messageId']}/{item['providerMediaId']}"
        found[item["fileSize"]].append((item["url"], key))
    return found


def records(server):
    """What the server says of all its media."""
    items, cursor = [], ""
    while True:
        page = server.get(f"/api/media?limit=100{cursor}")
        items += page["items"]
        if not page["hasMore"]:
            return items
        cursor = f"&cursor={page['nextCursor']}"
