"""A Postgres of our own, with its defaults: what it says is committed is on disk."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile

from tools.process import Daemon, free_port, merged, need, run, wait_for


class Postgres:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="mediary-bench-pg-")
        self.port = free_port()
        # Postgres refuses to run as root.
        self.as_user = []
        if os.getuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(self.folder, account.pw_uid, account.pw_gid)
            self.as_user = ["runuser", "-u", "postgres", "--"]
        data = os.path.join(self.folder, "data")
        run([*self.as_user, need_server("initdb"), "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8"], cwd="/")
        settings = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": self.folder}
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [*self.as_user, need_server("postgres"), "-D", data, *flags]
        self.daemon = Daemon(command, log=os.path.join(self.folder, "log"))
        wait_for(self.ready, 30, "postgres starts")

    def ready(self):
        check = [need("psql", "postgresql-client"), *self.address(), "-c", "select 1", "postgres"]
        return subprocess.run(check, capture_output=True).returncode == 0

    def address(self):
        return ["-h", "127.0.0.1", "-p", str(self.port), "-U", "bench"]

    def url(self, database):
        return f"postgres://bench@127.0.0.1:{self.port}/{database}"

    def create(self, database):
        self.sql("postgres", f"create database {database}")
        return self.url(database)

    def sql(self, database, text, timeout=600):
        command = [need("psql", "postgresql-client"), *self.address(), "-v", "ON_ERROR_STOP=1", "-qAt", database]
        done = subprocess.run(command, input=text, env=merged(None), capture_output=True, text=True, timeout=timeout)
        if done.returncode != 0:
            raise RuntimeError(f"psql: {done.stderr[-1500:]}")
        return done.stdout.strip()

    def pgbench(self, database, script, clients, seconds):
        """Transactions per second of a script."""
        path = os.path.join(self.folder, "script.sql")
        with open(path, "w") as file:
            file.write(script)
        command = [need("pgbench", "postgresql"), *self.address(), "-n", "-M", "prepared", "-f", path]
        output = run([*command, "-c", str(clients), "-j", "2", "-T", str(seconds), database], timeout=seconds + 60)
        for line in output.splitlines():
            if line.startswith("tps ="):
                return float(line.split()[2])
        raise RuntimeError(f"pgbench said no rate: {output[-800:]}")

    def stop(self):
        self.daemon.stop(signal.SIGTERM)
        shutil.rmtree(self.folder, ignore_errors=True)


def need_server(program):
    """Debian keeps the server's programs apart, by version."""
    versions = "/usr/lib/postgresql"
    if not shutil.which(program) and os.path.isdir(versions):
        for version in sorted(os.listdir(versions), reverse=True):
            path = os.path.join(versions, version, "bin", program)
            if os.path.exists(path):
                return path
    return need(program, "postgresql")
