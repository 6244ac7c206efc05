"""How fast files become durable without us: a bare loop of our own, and curl with the usual tools after it."""

import os
import time

from tools.process import SERVER_CORE, need, run, run_json


def durable_loop(load, folder, size, files, threads=16):
    """Files per second: hashed, synced, renamed, folder synced; nothing else. On the core that the server has, since
    hashing alone fills a core."""
    command = [load, "durable-files", "--folder", folder, "--bytes", str(size), "--files", str(files)]
    return run_json([*command, "--threads", str(threads)], SERVER_CORE)["rate"]


def curl_and_sync(folder, url, prefix, files, parallel):
    """Files per second: fetched in parallel by curl, then hashed by sha256sum, then one sync."""
    os.makedirs(folder)
    config = os.path.join(folder, "config")
    names = [os.path.join(folder, str(number)) for number in range(files)]
    with open(config, "w") as file:
        for number, name in enumerate(names):
            file.write(f'url = "{url}/bytes/{prefix}/{number}"\noutput = "{name}"\n')
    started = time.monotonic()
    curl = [need("curl", "curl"), "-sS", "--fail", "-Z", "--parallel-max", str(parallel), "-K", config]
    run(curl, SERVER_CORE, timeout=300)
    run(["sha256sum", *names], SERVER_CORE, timeout=300)
    run(["sync"], timeout=300)
    return files / (time.monotonic() - started)
