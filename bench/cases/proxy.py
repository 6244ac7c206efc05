"""Files that are not kept: every view passes from WhatsApp through us, beside nginx that passes on the same bytes."""

import os
import statistics
import time

from anchors.nginx import counted, graph, over_tls_too, passing_on
from anchors.wrk import wrk
from cases.stored import records
from tools.certificate import Certificate
from tools.mediary import webhooks
from tools.process import LOAD_CORE, SERVER_CORE, free_port, ourselves_on_core, wait_for
from tools.report import against, at_most, not_above, noted, told
from tools.viewer import Viewer, first_byte, read_at_once, read_slowly

ANCHOR = "nginx proxy_pass"
TLS_ANCHOR = f"{ANCHOR} from TLS"
KIB = 1024
# Messages by the prefix of their media ids. So many that hardly any two views at a time are of one file.
PLAIN = {"1120": 256, "1130": 256, "1116": 32}
SLOW_VIEWERS = 200
TLS = {"1130": 256, "1116": SLOW_VIEWERS}
SLOW_BYTES_PER_SECOND = 64 * KIB
# The kernel on the slow viewers' side keeps little, so that the server's side feels their pace.
SLOW_RECEIVE_BUFFER = 32 * KIB
CROWD = 50


def run(bench):
    certificate, tls_port = Certificate(bench.new_folder("certificate")), free_port()
    whatsapp = bench.nginx(LOAD_CORE, over_tls_too(graph(*bench.files), tls_port, certificate))
    nginx = bench.nginx(SERVER_CORE, *passing_on(whatsapp.port, tls_port, certificate))
    trust = {"SSL_CERT_FILE": certificate.path}
    return [
        *plain(bench, whatsapp, nginx),
        *tls(bench, f"https://127.0.0.1:{tls_port}", trust, nginx),
        *crowd(bench),
    ]


def server_with_messages(bench, graph_url, counts, **settings):
    """A running server that keeps no files, and {prefix: [(path to ask it for, path of the same at WhatsApp)]}."""
    _, files = bench.files
    server = bench.mediary(graph_url=graph_url, settings=settings)
    server.set_up(policy="stream")
    server.start()
    for prefix, count in counts.items():
        webhooks(
            bench.load, server, 30, bodies=1, connections=1, messages_per_body=count, image_sha256=files[prefix][2],
            media_id_prefix=f"{prefix}{time.monotonic_ns()}",
        )
    total = sum(counts.values())
    wait_for(lambda: server.count("media_files") >= total, 30, "every message is recorded")
    found = {prefix: [] for prefix in counts}
    for item in records(server):
        prefix = item["providerMediaId"][:4]
        found[prefix].append((item["url"], f"/bytes/{prefix}/{item['providerMediaId']}"))
    return server, found


def plain(bench, whatsapp, nginx):
    server, files = server_with_messages(bench, whatsapp.url, PLAIN)
    small = beside(bench, nginx, server, files["1120"], 64)
    middle = beside(bench, nginx, server, files["1130"], 64)
    large = beside(bench, nginx, server, files["1116"], 8)
    lines = [
        line(told, "20 KB, 256 files in turn, c=64", "/s", small, "rate"),
        line(against, "300 KB, 256 files in turn, c=64", "MB/s", middle, "mb_per_second", 0.6),
        line(told, "the same: processor time", "s/GB", middle, "cpu_per_gb"),
        line(told, "16 MB, 32 files in turn, c=8", "MB/s", large, "mb_per_second"),
        first_bytes(bench, whatsapp, nginx, server, files["1120"], "20 KB"),
        first_bytes(bench, whatsapp, nginx, server, files["1130"], "300 KB"),
    ]
    server.stop()
    return lines


def tls(bench, graph_url, trust, nginx):
    """WhatsApp over TLS, as it really is."""
    server, files = server_with_messages(bench, graph_url, TLS, **trust)
    views = [(path, f"/tls{lie}") for path, lie in files["1130"]]
    middle = beside(bench, nginx, server, views, 64)
    what = "300 KB from TLS 1.3, 256 files in turn, c=64"
    lines = [
        line(told, what, "MB/s", middle, "mb_per_second", anchor=TLS_ANCHOR),
        line(not_above, "the same: processor time", "s/GB", middle, "cpu_per_gb", 1.2, anchor=TLS_ANCHOR),
    ]
    # What the load above has left in memory would hide what the slow viewers take.
    server.stop()
    server.start()
    lines += slow(bench, server, files)
    server.stop()
    return lines


def line(kind, what, unit, rounds, figure, *floor, anchor=ANCHOR):
    theirs, ours = zip(*[(their[figure], our[figure]) for their, our in rounds])
    return kind("proxy", what, unit, ours, anchor, theirs, *floor)


def beside(bench, nginx, server, files, connections):
    """What each round passes through nginx, and through us just after, with the processor time for it."""
    paths, lies = zip(*files)
    know_urls(server, paths)
    load = {"connections": connections, "seconds": bench.seconds}
    rounds = []
    for _ in range(bench.rounds):
        theirs = loaded(bench, nginx, lies, **load)
        rounds.append((theirs, loaded(bench, server, paths, bearer=server.bearer, **load)))
    return rounds


def loaded(bench, server, paths, **load):
    before = server.cpu()
    result = wrk(bench.folder, server.url, paths, **load)
    return {**result, "cpu_per_gb": (server.cpu() - before) / result["bytes"] * 1e9}


def know_urls(server, paths):
    """Views each file once, so that its URL is known as long as it holds."""
    viewer = Viewer(server.url, server.bearer)
    for path in paths:
        viewer.ask(path)
        viewer.take_all()
    viewer.close()


def first_bytes(bench, whatsapp, nginx, server, files, what):
    """How much later the first byte comes through us, and through nginx, than directly. One request after the other,
    in turn, so that nothing else can differ."""
    know_urls(server, [path for path, _ in files])
    viewers = [Viewer(whatsapp.url), Viewer(nginx.url), Viewer(server.url, server.bearer)]
    ours, theirs = [], []
    with ourselves_on_core(LOAD_CORE):
        for _ in range(bench.rounds):
            took = [[first_byte(*ask) for ask in zip(viewers, (lie, lie, path))] for path, lie in files]
            direct, their, our = (statistics.median(column) for column in zip(*took))
            theirs.append(their - direct)
            ours.append(our - direct)
    for viewer in viewers:
        viewer.close()
    what = f"added to the first byte, {what}, c=1, p50"
    return not_above("proxy", what, "ms", ours, ANCHOR, theirs, 3)


def slow(bench, server, files):
    """Slow viewers with a large file each: what they take of memory, and what is left of it on disk."""
    know_urls(server, [files["1130"][0][0]])
    time.sleep(1)
    idle, written = server.memory(), server.written()
    before, memory, grown = kept_files(server), [], []

    def look():
        memory.append(server.memory())
        grown.append(sum(max(0, size - before.get(path, 0)) for path, size in kept_files(server).items()))

    viewer = lambda: Viewer(server.url, server.bearer, SLOW_RECEIVE_BUFFER)
    paths = [path for path, _ in files["1116"]]
    with ourselves_on_core(LOAD_CORE):
        read_slowly(viewer, paths, SLOW_BYTES_PER_SECOND, 6 if bench.quick else 12, look)
    what = f"{SLOW_VIEWERS} slow viewers of 16 MB from TLS"
    return [
        at_most("proxy", f"{what}: memory above idle for each", "KB", (max(memory) - idle) / SLOW_VIEWERS / 1000, 256),
        at_most("proxy", "the same: bytes in files but the database's", "B", max(grown), 0),
        noted("proxy", "the same: written to disk, database and all", "KB", (server.written() - written) / 1000),
    ]


def kept_files(server):
    """{path: size} of all that lies in the server's folder, less the database and what the server says."""
    found = {}
    for folder, _, names in os.walk(server.folder):
        for name in names:
            if not name.startswith(("mediary.db", "server.log")):
                path = os.path.join(folder, name)
                found[path] = os.path.getsize(path)
    return found


def crowd(bench):
    """Many viewers of one large file in the same moment."""
    log = os.path.join(bench.new_folder("counted"), "access.log")
    whatsapp = bench.nginx(LOAD_CORE, counted(graph(*bench.files), log))
    server, files = server_with_messages(bench, whatsapp.url, {"1150": 1})
    with ourselves_on_core(LOAD_CORE):
        viewers = [Viewer(server.url, server.bearer) for _ in range(CROWD)]
        read_at_once(viewers, files["1150"][0][0])
    for viewer in viewers:
        viewer.close()
    peak = server.peak_memory() / 1e6
    # Its log has every request once it has ended.
    whatsapp.stop()
    with open(log) as lines:
        downloads = sum("/bytes/1150/" in line for line in lines)
    what = f"{CROWD} viewers of one file of 50 MB at once"
    return [
        at_most("proxy", f"{what}: fetched from WhatsApp", "times", downloads, 1),
        at_most("proxy", "the same: most memory (RSS)", "MB", peak, 150),
    ]
