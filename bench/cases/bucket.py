"""Files in a bucket: written there, read from there through us, and viewers sent there."""

import http.client
import os
import statistics
import urllib.request

from anchors.nginx import before, graph
from anchors.objects import put_objects
from anchors.wrk import wrk
from cases.downloads import download
from cases.stored import stored_files
from tools.process import LOAD_CORE, SERVER_CORE, run_json
from tools.report import against, at_most, told

PARALLEL = 16
READERS = 64
# What, prefix of media ids, files written in a round, in a quick one, figure when read.
SIZES = [("300 KB", "1130", 2400, 400, "rate"), ("16 MB", "1116", 24, 8, "mb_per_second")]
UNITS = {"rate": "/s", "mb_per_second": "MB/s"}
# Files that readers share.
FEW = 8
# Files that viewers are sent to in a round.
VIEWS = 100


def run(bench):
    bucket = bench.bucket()
    # On our core, so that it takes nothing from the bucket.
    whatsapp = bench.nginx(SERVER_CORE, graph(*bench.files))
    server = bench.mediary(
        graph_url=whatsapp.url,
        settings={
            **bucket.settings,
            "MEDIARY_WORKERS": str(PARALLEL),
            "MEDIARY_DOWNLOADS_PER_COMPANY": str(PARALLEL),
        },
    )
    server.set_up(policy="store")
    server.start()
    lines = [write(bench, bucket, server, *size) for size in SIZES]
    stored = stored_files(server)
    lines += [read(bench, bucket, server, stored, *size) for size in SIZES]
    lines += quick_bucket(bench, bucket, server, stored)
    restart(server, AWS_ENDPOINT_URL=bucket.url, MEDIA_DELIVERY="redirect")
    return [*lines, *redirect(bench, bucket, server, stored)]


def restart(server, **settings):
    server.stop()
    server.env.update(settings)
    server.start()


def write(bench, bucket, server, what, prefix, full, quick, _figure):
    """From the stand-in for WhatsApp through us into the bucket, beside the same file from the disk into the bucket."""
    folder, known = bench.files
    name, _, sha256 = known[prefix]
    files = quick if bench.quick else full
    ours, theirs = [], []
    for _ in range(bench.rounds):
        theirs.append(put_objects(bench.load, bucket, os.path.join(folder, name), files, PARALLEL))
        ours.append(download(bench, server, prefix, sha256, files))
    anchor = f"bare S3 client, {PARALLEL} at once"
    return against("bucket", f"{what} fetched, hashed, stored, recorded", "files/s", ours, anchor, theirs, 0.7)


def read(bench, bucket, server, stored, what, prefix, _full, _quick, figure):
    """The same objects with our authentication and with a presigned URL."""
    paths, keys = some(bench, stored, prefix)
    presigned = [bucket.presigned(key) for key in keys]
    theirs, ours = beside(bench, bucket.url, presigned, server, paths, figure, bench.seconds)
    return against("bucket", f"{what} read, c={READERS}", UNITS[figure], ours, "reads by presigned URL", theirs, 0.6)


def quick_bucket(bench, bucket, server, stored):
    """Reads again, from a bucket that takes next to no time, so that it is seen what passing bytes on takes."""
    nginx = bench.nginx(LOAD_CORE, before(bucket))
    restart(server, AWS_ENDPOINT_URL=nginx.url)
    lines = []
    for what, prefix, _, _, figure in SIZES:
        paths, keys = some(bench, stored, prefix)
        lies = [f"/{bucket.name}/{key}" for key in keys]
        theirs, ours = beside(bench, nginx.url, lies, server, paths, figure, max(2, bench.seconds // 2))
        what = f"{what} read from a bucket that is nginx, c={READERS}"
        lines.append(told("bucket", what, UNITS[figure], ours, "nginx sendfile", theirs))
    return lines


def some(bench, stored, prefix):
    """The paths and keys of a few files of a size."""
    return zip(*stored[bench.files[1][prefix][1]][:FEW])


def beside(bench, url, theirs, server, ours, figure, seconds):
    """What each round reads directly, and what it reads through us just after."""
    load = {"connections": READERS, "seconds": seconds}
    rounds = []
    for _ in range(bench.rounds):
        direct = wrk(bench.folder, url, theirs, **load)[figure]
        rounds.append((direct, wrk(bench.folder, server.url, ours, bearer=server.bearer, **load)[figure]))
    return zip(*rounds)


def redirect(bench, bucket, server, stored):
    """What sending a viewer on takes beyond knowing who asks: for files that nobody opened of late, when the bucket is
    asked for them, and for the same files again."""
    paths = [path for path, _ in stored[300_000]]
    follow(server, bucket, paths.pop(), 300_000)
    first, again = [], []
    for number in range(bench.rounds):
        views = paths[number * VIEWS : (number + 1) * VIEWS]
        small = asked(bench, server, ["/api/auth/me"] * VIEWS, 200)
        first.append(asked(bench, server, views, 302) - small)
        again.append(asked(bench, server, views, 302) - small)
    what = "p50 of the redirect to a file above that of a small authorised answer"
    return [
        at_most("bucket", what, "ms", statistics.median(first), 2),
        at_most("bucket", "the same, of a file opened a moment ago", "ms", statistics.median(again), 2),
    ]


def follow(server, bucket, path, size):
    """A viewer really arrives at the file."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", path, headers={"Authorization": f"Bearer {server.bearer}"})
    answer = connection.getresponse()
    location = answer.headers.get("Location", "")
    connection.close()
    if answer.status != 302 or not location.startswith(bucket.url):
        raise RuntimeError(f"{path} is answered with {answer.status} {location}")
    with urllib.request.urlopen(location, timeout=10) as file:
        if len(file.read()) != size:
            raise RuntimeError(f"{location} is not the file")


def asked(bench, server, paths, status):
    """The p50 of one request after the other, in milliseconds."""
    urls = os.path.join(bench.new_folder("urls"), "urls")
    with open(urls, "w") as file:
        file.writelines(f"{server.url}{path}\n" for path in paths)
    command = [bench.load, "once", "--urls", urls, "--status", str(status)]
    result = run_json(command, LOAD_CORE, {"BENCH_BEARER": server.bearer})
    if result["failed"]:
        raise RuntimeError(f"{result['failed']} of {len(paths)} answers were not {status}")
    return result["p50_ms"]
