"""Stored files read over HTTP, with authentication, beside nginx that serves the same bytes without."""

from anchors.nginx import serving
from anchors.wrk import wrk
from cases.stored import server_with_files
from tools.process import LOAD_CORE, SERVER_CORE, run_json
from tools.report import against, at_most

KIB = 1024
# What, size, connections, bytes of a range or 0, figure, floor.
CASES = [
    ("20 KB, c=64", 20_000, 64, 0, "rate", 0.5),
    ("300 KB, c=64", 300_000, 64, 0, "rate", 0.6),
    ("300 KB, c=1000", 300_000, 1000, 0, "rate", 0.6),
    ("256 KiB ranges of 16 MB, c=64", 16_000_000, 64, 256 * KIB, "rate", 0.6),
    ("256 KiB ranges of 16 MB, c=1000", 16_000_000, 1000, 256 * KIB, "rate", 0.6),
    ("16 MB, c=64", 16_000_000, 64, 0, "mb_per_second", 0.5),
]
# What, size, floor in milliseconds.
PACED = [("20 KB", 20_000, 20), ("300 KB", 300_000, 500)]


def run(bench):
    server, stored = server_with_files(bench)
    # The very same files, so that caches are as warm for the one as for the other.
    nginx = bench.nginx(SERVER_CORE, serving(server.folder))
    lines = []
    for what, size, connections, range_bytes, figure, floor in CASES:
        load = {"connections": connections, "seconds": bench.seconds, "range_bytes": range_bytes, "size": size}
        paths, keys = zip(*stored[size])
        lies = [f"/{key}" for key in keys]
        ours, theirs = [], []
        for _ in range(bench.rounds):
            theirs.append(wrk(bench.folder, nginx.url, lies, **load)[figure])
            ours.append(wrk(bench.folder, server.url, paths, bearer=server.bearer, **load)[figure])
        unit = "MB/s" if figure == "mb_per_second" else "/s"
        lines.append(against("serving", what, unit, ours, "nginx sendfile", theirs, floor))
    for what, size, most in PACED:
        lines.append(paced(bench, server, what, stored[size][0][0], most))
    return lines


def paced(bench, server, what, path, most):
    command = [bench.load, "paced", "--url", server.url + path, "--connections", "1000", "--rate", "2000"]
    result = run_json([*command, "--seconds", str(bench.seconds)], LOAD_CORE, {"BENCH_BEARER": server.bearer})
    if result["failed"]:
        raise RuntimeError(f"{result['failed']} paced requests failed")
    return at_most("serving", f"{what}, 1,000 connections paced at 2,000/s, p99", "ms", result["p99_ms"], most)
