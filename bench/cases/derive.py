"""What is made of files: pictures beside libvips, recordings, the jail, and whether anybody waits because of it."""

import glob
import hashlib
import os
import random
import statistics
import subprocess
import time

from anchors.nginx import graph
from anchors.vips import photo, thumbnails
from tools.mediary import webhooks
from tools import process
from tools.process import (
    LOAD_CORE, SERVER_CORE, children, children_cpu_seconds, need, resident_bytes, run_json, wait_for,
)
from tools.report import against, at_most, noted

SAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "crates", "mediary-simulator", "samples")
PHOTOS = ["mugs", "harbour", "stool", "parcel-damaged"]
# What, width, height, how often each photo in a round, in a quick one, floor.
PICTURES = [("12 MP", 4000, 3000, 6, 2, 0.6), ("1600 × 1200", 1600, 1200, 16, 4, 0.7)]
NOTE_SECONDS = 60
AT_ONCE = 4
# Of the pictures that are derived while webhooks come.
SMALL = (320, 240)
# Webhooks a second: what a busy company's customers send.
PACE = 200


def run(bench):
    folder = bench.new_folder("pictures")
    lines = [line for picture in PICTURES for line in pictures(bench, folder, *picture)]
    lines += recordings(bench)
    lines += [jail(bench, folder), memory(bench, folder), beside_webhooks(bench, folder), downloads(bench, folder)]
    return lines


def photos(folder, width, height):
    return [photo(os.path.join(SAMPLES, f"{name}.jpg"), folder, width, height) for name in PHOTOS]


def command(bench, files, jobs, *more):
    return [bench.load, "derive", "--program", bench.binary, "--jobs", str(jobs), *more, "--files", *files]


def pictures(bench, folder, what, width, height, full, quick, floor):
    files, times = photos(folder, width, height), quick if bench.quick else full
    ours, theirs, seconds = [], [], []
    for _ in range(bench.rounds):
        theirs.append(thumbnails(os.path.join(bench.new_folder("vips"), "made"), files, times))
        before = children_cpu_seconds()
        ours.append(run_json(command(bench, files, times * len(files)), SERVER_CORE, timeout=600)["rate"])
        seconds.append((children_cpu_seconds() - before) / (times * len(files)))
    anchor = "vipsthumbnail, one process"
    return [
        against("derive", f"JPEG of {what}, thumb and preview, on a core", "/s", ours, anchor, theirs, floor),
        noted("derive", "the same: processor time of each", "ms", 1000 * statistics.median(seconds)),
    ]


def recordings(bench):
    """A voice note of a minute: processor time for its duration and waveform, and for the form that browsers play."""
    note = os.path.join(bench.new_folder("voice"), "note.ogg")
    voices = glob.glob(os.path.join(SAMPLES, "voice-en.ogg"))
    make = [need("ffmpeg", "ffmpeg"), "-nostdin", "-v", "error", "-stream_loop", "-1", "-i", voices[0], "-t", str(NOTE_SECONDS)]
    process.run([*make, "-c:a", "libopus", "-b:a", "16k", "-ac", "1", "-application", "voip", note])
    jobs, waveforms, remuxes = 10 if bench.quick else 40, [], []
    for _ in range(bench.rounds):
        before = children_cpu_seconds()
        run_json(command(bench, [note], jobs, "--recordings"), SERVER_CORE)
        waveforms.append(1000 * (children_cpu_seconds() - before) / jobs)
        remuxes.append(run_json([bench.load, "remux", "--file", note, "--times", "200"], SERVER_CORE)["cpu_ms"])
    what = f"voice note of {NOTE_SECONDS} s"
    return [
        at_most("derive", f"{what}: duration and waveform, processor time", "ms", statistics.median(waveforms), 90),
        at_most("derive", f"{what}: in MP4, processor time", "ms", statistics.median(remuxes), 2),
    ]


def jail(bench, folder):
    """What a start and a job of a worker that is locked up take longer than those of one that is not."""
    small, jobs = photos(folder, 32, 24)[:1], 100 if bench.quick else 400
    costs = []
    for _ in range(bench.rounds):
        free = run_json(command(bench, small, jobs, "--no-jail"), SERVER_CORE)["p50_ms"]
        costs.append(run_json(command(bench, small, jobs), SERVER_CORE)["p50_ms"] - free)
    return at_most("derive", "the jail itself, for a job and its process, p50", "ms", statistics.median(costs), 1)


def memory(bench, folder):
    """The most that all workers have together, looked at again and again."""
    files, jobs = photos(folder, 4000, 3000), 8 if bench.quick else 40
    handing = subprocess.Popen(command(bench, files, jobs, "--at-once", str(AT_ONCE)), stdout=subprocess.PIPE, text=True)
    most = 0
    while handing.poll() is None:
        most = max(most, sum(resident_bytes(pid) for pid in children(handing.pid)))
        time.sleep(0.003)
    handing.stdout.close()
    if handing.returncode != 0:
        raise RuntimeError("the files were not read")
    return at_most("derive", f"{AT_ONCE} JPEG of 12 MP at once: memory of all workers (RSS)", "MB", most / 1e6, 200)


def server_with(bench, name, content):
    """A running server that fetches this file, and how to send webhooks that announce it so and so often."""
    folder, prefix = bench.new_folder("derived"), "1160"
    with open(os.path.join(folder, name), "wb") as file:
        file.write(content)
    sha256 = hashlib.sha256(content)
    files = {prefix: (name, len(content), sha256.hexdigest())}
    whatsapp = bench.nginx(LOAD_CORE, graph(folder, files))
    settings = {"MEDIARY_WORKERS": "16", "MEDIARY_DOWNLOADS_PER_COMPANY": "16"}
    server = bench.mediary(graph_url=whatsapp.url, settings=settings)
    server.set_up(policy="store")

    def send(count, **options):
        webhooks(
            bench.load, server, 60, bodies=-(-count // 50), connections=1, messages_per_body=50,
            image_sha256=sha256.hexdigest(), media_id_prefix=f"{prefix}{time.monotonic_ns()}", **options,
        )

    return server, send


def stored(server):
    return server.count("media_files", "download_status = 'completed'")


def waiting(server):
    return server.count("derivations", "state in ('waiting', 'running')")


def beside_webhooks(bench, folder):
    """Webhooks at a steady pace while pictures are derived on the same core; some are left when it ends."""
    with open(photos(folder, *SMALL)[0], "rb") as file:
        server, send = server_with(bench, "small.jpg", file.read())
    count, seconds = (1000, 5) if bench.quick else (10_000, 30)
    server.start()
    send(count)
    wait_for(lambda: stored(server) >= count, 300, "every picture is stored", every=0.5)
    before = waiting(server)
    result = webhooks(bench.load, server, seconds, connections=16, rate=PACE)
    left = waiting(server)
    # What it has left to do would be done beside what is measured next.
    server.stop()
    if result["failed"] or not 0 < left < before:
        raise RuntimeError(f"{result['failed']} webhooks failed; {left} pictures of {before} wait")
    what = f"p99 of {PACE} webhooks a second while {count:,} pictures are derived"
    return at_most("derive", what, "ms", result["p99_ms"], 50)


def downloads(bench, folder):
    """Pictures fetched while earlier ones are derived, beside files of the same size that nothing is made of."""
    with open(photos(folder, 1600, 1200)[0], "rb") as file:
        picture = file.read()
    other = b"PK\x03\x04" + random.Random(1).randbytes(len(picture) - 4)
    count, rates, servers = 200 if bench.quick else 1000, {}, {}
    for name, content, options in [("file.zip", other, {"document_type": "application/zip"}), ("picture.jpg", picture, {})]:
        servers[name] = (*server_with(bench, name, content), options)
        servers[name][0].start()
        rates[name] = []
    for _ in range(bench.rounds):
        for name, (server, send, options) in servers.items():
            before, started = stored(server), time.monotonic()
            send(count, **options)
            wait_for(lambda: stored(server) >= before + count, 180, "every file is recorded", every=0.02)
            rates[name].append(count / (time.monotonic() - started))
            # The other server's round begins on a core that does nothing.
            wait_for(lambda: waiting(server) == 0, 300, "every picture is derived", every=0.5)
    for server, _, _ in servers.values():
        server.stop()
    size = f"{len(picture) / 1000:.0f} KB"
    return against("derive", f"pictures of {size} fetched and recorded while derived", "files/s", rates["picture.jpg"],
                   "files that nothing is made of", rates["file.zip"], 0.8)
