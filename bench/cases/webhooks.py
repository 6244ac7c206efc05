"""Webhooks acknowledged, each durable before its acknowledgement, from 64 connections."""

import statistics

from anchors.commits import postgres_inserts, sqlite_commits
from tools.mediary import webhooks
from tools.report import against, at_most
from tools.process import wait_for

CONNECTIONS = 64


def run(bench):
    return measure(bench, "sqlite") + measure(bench, "postgres")


def measure(bench, backend):
    case = f"webhooks, {backend}"
    server = bench.mediary(backend)
    server.set_up(policy="stream")
    server.start()
    folder = bench.new_folder("commits")
    runs, inserts, commits = [], [], []
    for _ in range(bench.rounds):
        inserts.append(postgres_inserts(bench.postgres, CONNECTIONS, bench.seconds))
        if backend == "sqlite":
            commits.append(sqlite_commits(folder, bench.seconds))
        runs.append(webhooks(bench.load, server, bench.seconds, connections=CONNECTIONS))
        # The next round begins when this one's bodies are ingested, not on top of them.
        wait_for(lambda: waiting(server) == 0, 120, "every body is ingested", every=0.5)
    failed = sum(run["failed"] for run in runs)
    if failed:
        raise RuntimeError(f"{failed} webhooks were not acknowledged")
    rates = [run["rate"] for run in runs]
    lines = [
        against(case, "acknowledged durably, c=64", "/s", rates, "pgbench single inserts, 64 clients", inserts, 0.5),
        at_most(case, "p99 of the acknowledgement", "ms", statistics.median(run["p99_ms"] for run in runs), 25),
    ]
    if commits:
        lines.insert(1, against(case, "the same", "/s", rates, "single synced SQLite commits", commits, 1.5))
    return lines


def waiting(server):
    return server.count("webhook_events", "processed_at is null")
