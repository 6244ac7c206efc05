"""Webhooks acknowledged, each durable before its acknowledgement, from 64 connections."""

import statistics

from anchors.commits import postgres_inserts, sqlite_commits
from tools.mediary import webhooks
from tools.process import wait_for
from tools.report import against, at_most, told

CONNECTIONS = 64
PGBENCH = "pgbench single inserts, 64 clients"


def run(bench):
    return measure(bench, "sqlite") + measure(bench, "postgres")


def measure(bench, backend):
    """Alone, as the anchors are: what is acknowledged is ingested later. Then with ingest on the same core."""
    case = f"webhooks, {backend}"
    server = bench.mediary(backend)
    server.set_up(policy="stream")
    folder = bench.new_folder("commits")
    alone, both, inserts, commits = [], [], [], []
    for _ in range(bench.rounds):
        inserts.append(postgres_inserts(bench.postgres, CONNECTIONS, bench.seconds))
        commits.append(sqlite_commits(folder, bench.seconds))
        alone.append(acknowledged(bench, server, "--no-workers"))
        both.append(acknowledged(bench, server))
    rates = [run["rate"] for run in alone]
    lines = [
        against(case, "acknowledged durably, c=64", "/s", rates, PGBENCH, inserts, 0.5),
        at_most(case, "p99 of the acknowledgement", "ms", p99(alone), 25),
        told(case, "acknowledged and ingested at once", "/s", [run["rate"] for run in both], PGBENCH, inserts),
        at_most(case, "p99 with ingest beside it", "ms", p99(both), 25),
    ]
    if backend == "sqlite":
        lines.insert(1, against(case, "the same", "/s", rates, "single synced SQLite commits", commits, 1.5))
    return lines


def acknowledged(bench, server, *arguments):
    """One run on an inbox that is empty of earlier runs' bodies, or does not look at them."""
    server.start(*arguments)
    if not arguments:
        wait_for(lambda: server.count("webhook_events", "processed_at is null") == 0, 180, "all is ingested", every=0.5)
    result = webhooks(bench.load, server, bench.seconds, connections=CONNECTIONS)
    server.stop()
    if result["failed"]:
        raise RuntimeError(f"{result['failed']} webhooks were not acknowledged")
    return result


def p99(runs):
    return statistics.median(run["p99_ms"] for run in runs)
