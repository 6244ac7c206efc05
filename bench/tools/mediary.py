"""The server under test: the real release binary, set up by its own commands, on one core."""

import base64
import copy
import json
import os
import secrets
import signal
import sqlite3
import time
import urllib.request

from tools.process import (
    LOAD_CORE, SERVER_CORE, Daemon, cpu_seconds, free_port, memory_bytes, peak_memory_bytes, run_json, wait_for,
    written_bytes,
)

APP_SECRET = "bench-app-secret"
PHONE_NUMBER_ID = "106540352242922"


class Mediary:
    """One installation with its own data folder: `start` and `stop` as often as needed."""

    def __init__(self, binary, folder, postgres=None, graph_url="http://127.0.0.1:9", settings=None):
        self.binary = binary
        self.folder = folder
        self.postgres = postgres
        self.database = f"mediary_{secrets.token_hex(4)}" if postgres else None
        os.makedirs(folder, exist_ok=True)
        self.port = free_port()
        self.daemon = None
        self.bearer = None
        self.env = {
            "MEDIARY_LISTEN": f"127.0.0.1:{self.port}",
            "MEDIARY_DATA_DIR": folder,
            "MEDIARY_GRAPH_URL": graph_url,
            "MEDIARY_MEDIA_HOSTS": "127.0.0.1",
            "MEDIARY_LOG": "warn",
            "MEDIARY_SECRET_KEY": base64.b64encode(b"k" * 32).decode(),
            **(settings or {}),
        }
        if postgres:
            self.env["MEDIARY_DATABASE_URL"] = postgres.create(self.database)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def webhook(self):
        return f"{self.url}/api/webhooks/whatsapp"

    @property
    def pid(self):
        return self.daemon.pid

    def cli(self, *arguments, **env):
        return run_json([self.binary, *arguments, "--json"], env={**self.env, **env})

    def set_up(self, policy="store"):
        """A company with one account and a key that may read."""
        self.bearer = self.add_company("bench")
        self.add_account(PHONE_NUMBER_ID, policy)

    def add_company(self, slug):
        """A company; its key."""
        self.cli("company", "add", "--name", slug, "--slug", slug)
        return self.cli("api-key", "add", "--company", slug, "--name", "bench", "--role", "agent")["key"]

    def add_account(self, phone_number_id, policy="stream", company="bench"):
        self.cli(
            *("account", "add", "--company", company, "--phone-number-id", phone_number_id, "--name", "Bench"),
            *("--display-phone-number", "+15550783881", "--access-token-env", "TOKEN", "--app-secret-env", "SECRET"),
            *("--verify-token-env", "VERIFY", "--waba-id", "102290129340398", "--media-policy", policy),
            **{"TOKEN": "bench-token", "SECRET": APP_SECRET, "VERIFY": "bench-verify"},
        )

    def node(self, folder):
        """Another node of the same installation: with a port and a folder of its own, and all the rest shared."""
        node = copy.copy(self)
        node.folder, node.port, node.daemon = folder, free_port(), None
        node.env = {**self.env, "MEDIARY_LISTEN": f"127.0.0.1:{node.port}", "MEDIARY_DATA_DIR": folder}
        return node

    def start(self, *arguments, core=SERVER_CORE):
        """Seconds until it was ready."""
        started = time.monotonic()
        log = os.path.join(self.folder, "server.log")
        self.daemon = Daemon([self.binary, "serve", *arguments], core, self.env, log)
        wait_for(self.ready, 30, f"mediary is ready (see {log})", every=0.005)
        return time.monotonic() - started

    def stop(self):
        if self.daemon:
            self.daemon.stop(signal.SIGTERM)

    def ready(self):
        if not self.daemon.alive():
            raise RuntimeError(f"mediary ended at once: {open(self.daemon.log).read()[-1500:]}")
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def get(self, path):
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self.bearer}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def query(self, sql):
        """The first value of a query on its database, whichever it is, without disturbing it."""
        if self.postgres:
            value = self.postgres.sql(self.database, sql)
            return value.split("|")[0] if value else None
        db = sqlite3.connect(f"file:{self.folder}/mediary.db?mode=ro", uri=True, timeout=10)
        try:
            row = db.execute(sql).fetchone()
        finally:
            db.close()
        return row[0] if row else None

    def count(self, table, where="1=1"):
        return int(self.query(f"select count(*) from {table} where {where}"))

    def memory(self, field="Pss"):
        return memory_bytes(self.pid, field)

    def peak_memory(self):
        return peak_memory_bytes(self.pid)

    def written(self):
        return written_bytes(self.pid)

    def cpu(self):
        return cpu_seconds(self.pid)


def webhooks(load, server, seconds=60, **options):
    """Sends signed webhooks from the other core; see `mediary-bench webhooks --help`."""
    command = [load, "webhooks", "--url", server.webhook, "--seconds", str(seconds)]
    options = {"phone_number_id": PHONE_NUMBER_ID, **options}
    for name, value in options.items():
        command += ["--" + name.replace("_", "-"), str(value)]
    return run_json(command, LOAD_CORE, {"BENCH_APP_SECRET": APP_SECRET}, timeout=seconds + 120)

