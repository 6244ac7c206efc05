"""How fast files get into a bucket without us: a bare client, small files in one request, others in parts."""

import time

from tools.process import SERVER_CORE, run_json
from tools.s3 import KEYS, NAME


def put_objects(load, bucket, file, files, parallel):
    """Files per second: read from the disk, signed, sent. On the core that the server has, for signing takes a hash
    of every byte."""
    command = [load, "put-objects", "--endpoint", bucket.url, "--bucket", NAME, "--file", file]
    command += ["--prefix", f"bare/{time.monotonic_ns()}", "--files", str(files), "--parallel", str(parallel)]
    return run_json(command, SERVER_CORE, KEYS, timeout=300)["rate"]
