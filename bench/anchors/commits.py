"""How fast single rows become durable without us: Postgres by pgbench, SQLite by a loop."""

import os
import sqlite3
import time

# A kilobyte of JSON and a unique text, as a webhook is.
INSERT = """
INSERT INTO anchor (wamid, body) VALUES (
  'wamid.' || md5(random()::text || clock_timestamp()::text),
  '{"text": "%s"}'::jsonb);
""" % ("The parcel has not come yet. " * 34)


def postgres_inserts(postgres, clients, seconds):
    """Commits per second of one row each."""
    exists = postgres.sql("postgres", "select 1 from pg_database where datname = 'anchor'")
    if not exists:
        postgres.create("anchor")
        postgres.sql("anchor", "create table anchor (id bigserial primary key, wamid text unique, body jsonb)")
    return postgres.pgbench("anchor", INSERT, clients, seconds)


def sqlite_commits(folder, seconds):
    """Commits per second of one row each, write-ahead log, synced at every commit."""
    path = os.path.join(folder, f"anchor-{time.monotonic_ns()}.db")
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("pragma journal_mode=wal")
    db.execute("pragma synchronous=full")
    db.execute("create table anchor (id integer primary key, wamid text unique, body text)")
    body = "x" * 1000
    rows, started = 0, time.monotonic()
    while time.monotonic() - started < seconds:
        db.execute("insert into anchor (wamid, body) values (?, ?)", (f"wamid.{rows}", body))
        rows += 1
    elapsed = time.monotonic() - started
    db.close()
    return rows / elapsed
