#!/usr/bin/env python3
"""Measures Mediary against what the machine can do, and says where a floor is missed.

Needs the release builds (`cargo build --release -p mediary -p mediary-bench -p mediary-test-s3`), nginx, wrk, curl,
openssl, libvips, ffmpeg and Postgres.
Ends with 1 if a floor is missed, 3 if a case could not be measured.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)

from cases import bucket, derive, downloads, idle, ingest, lists, nodes, proxy, sending, serving, slow_readers, webhooks  # noqa: E402
from tools import report  # noqa: E402
from tools.bench import Bench  # noqa: E402

CASES = {
    "idle": idle.run,
    "webhooks": webhooks.run,
    "ingest": ingest.run,
    "downloads": downloads.run,
    "sending": sending.run,
    "derive": derive.run,
    "serving": serving.run,
    "slow-readers": slow_readers.run,
    "proxy": proxy.run,
    "lists": lists.run,
    "bucket": bucket.run,
    "nodes": nodes.run,
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short round of everything")
    parser.add_argument("--only", action="append", choices=CASES, help="only this case; may repeat")
    parser.add_argument("--target", default=os.path.join(HERE, "..", "target", "release"), help="where the builds are")
    parser.add_argument("--no-write", action="store_true", help="print the table, change no file")
    return parser.parse_args()


def main():
    options = arguments()
    folder = tempfile.mkdtemp(prefix="mediary-bench-")
    bench = Bench(os.path.abspath(options.target), folder, options.quick)
    lines, broken, started = [], [], time.monotonic()
    try:
        for name in options.only or CASES:
            case_started = time.monotonic()
            try:
                found = CASES[name](bench)
            except Exception:  # One case that cannot be measured must not cost the others.
                traceback.print_exc()
                broken.append(name)
                continue
            finally:
                bench.stop_servers()
            lines += found
            print(f"{name}: {time.monotonic() - case_started:.0f} s\n{report.table(found)}\n", flush=True)
    finally:
        bench.stop()
        shutil.rmtree(folder, ignore_errors=True)
    seconds = time.monotonic() - started
    if not options.no_write and not options.only and not broken:
        report.write(HERE, lines, seconds, options.quick)
    missed = [line for line in lines if not line.ok]
    print(f"{len(lines)} figures in {seconds / 60:.1f} min, {len(missed)} floors missed, not measured: {broken or 'none'}")
    return 3 if broken else 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
