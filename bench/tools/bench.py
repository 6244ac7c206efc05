"""What the cases of one run share: the builds, a folder, a database, and how long things may take."""

import hashlib
import os
import random

from anchors.nginx import Nginx, graph
from tools.late import Late
from tools.mediary import Mediary
from tools.postgres import Postgres
from tools.process import LOAD_CORE
from tools.s3 import Bucket

KIB = 1024
# Sizes of files by the prefix of their media ids.
SIZES = {"1120": 20_000, "1130": 300_000, "1116": 16_000_000, "1150": 50_000_000}


class Bench:
    def __init__(self, target, folder, quick):
        self.binary = os.path.join(target, "mediary")
        self.load = os.path.join(target, "mediary-bench")
        self.s3 = os.path.join(target, "mediary-test-s3")
        self.folder = folder
        self.quick = quick
        self.rounds = 1 if quick else 3
        self.seconds = 2 if quick else 4
        self.servers = []
        self.shared = []
        self._postgres = None
        self._files = None
        self._graph = None
        self._folders = 0
        for path in (self.binary, self.load, self.s3):
            if not os.path.exists(path):
                packages = "-p mediary -p mediary-bench -p mediary-test-s3"
                raise SystemExit(f"bench: {path} is missing; cargo build --release {packages}")

    def new_folder(self, name):
        """A folder of its own. Nothing is deleted before the end: a file system that has just deleted much is slow."""
        self._folders += 1
        path = os.path.join(self.folder, f"{self._folders:03}-{name}")
        os.makedirs(path)
        return path

    @property
    def postgres(self):
        if not self._postgres:
            self._postgres = Postgres()
            self.shared.append(self._postgres)
        return self._postgres

    def mediary(self, backend="sqlite", **options):
        postgres = self.postgres if backend == "postgres" else None
        server = Mediary(self.binary, self.new_folder(f"mediary-{backend}"), postgres, **options)
        self.servers.append(server)
        return server

    def node(self, server):
        node = server.node(self.new_folder("node"))
        self.servers.append(node)
        return node

    def bucket(self):
        bucket = Bucket(self.s3, self.new_folder("bucket"))
        self.servers.append(bucket)
        bucket.daemon.wait_for_port(bucket.address)
        return bucket

    def late(self, url, millis):
        """The same upstream, farther away."""
        late = Late(self.load, self.new_folder("late"), url, millis)
        self.servers.append(late)
        late.daemon.wait_for_port(late.address)
        return late

    @property
    def files(self):
        """{prefix: (name, size, SHA-256)} of the files that are downloaded and served, and the folder they are in."""
        if not self._files:
            folder = self.new_folder("files")
            found = {}
            for prefix, size in SIZES.items():
                content = b"\xff\xd8\xff\xe0\x00\x10JFIF" + random.Random(size).randbytes(size - 10)
                name = f"{size}.jpg"
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(content)
                found[prefix] = (name, size, hashlib.sha256(content).hexdigest())
            self._files = (folder, found)
        return self._files

    @property
    def graph(self):
        """The stand-in for WhatsApp that files are downloaded from."""
        if not self._graph:
            folder, files = self.files
            self._graph = Nginx(self.new_folder("graph"), LOAD_CORE, graph(folder, files))
            self.shared.append(self._graph)
        return self._graph

    def nginx(self, core, locations, beside=""):
        server = Nginx(self.new_folder("nginx"), core, locations, beside)
        self.servers.append(server)
        return server

    def stop_servers(self):
        while self.servers:
            self.servers.pop().stop()

    def stop(self):
        self.stop_servers()
        while self.shared:
            self.shared.pop().stop()
