"""Processes: started on one core, ended by their id, looked at through /proc."""

import contextlib
import glob
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import time

SERVER_CORE = 0
LOAD_CORE = 1
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def need(program, package):
    """The path of a program, or an error that says how to get it."""
    path = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin")
    if not path:
        raise SystemExit(f"bench: {program} is missing; install it, e.g. apt-get install {package}")
    return path


def on_core(core, command):
    """The command, bound to a core, or free to use all if `core` is None."""
    return list(command) if core is None else ["taskset", "-c", str(core), *command]


@contextlib.contextmanager
def ourselves_on_core(core):
    """Binds this very process, where it is the load."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def run(command, core=None, env=None, timeout=120, cwd=None):
    """Runs a command to its end and returns what it printed."""
    done = subprocess.run(
        on_core(core, command), env=merged(env), capture_output=True, text=True, timeout=timeout, cwd=cwd
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed ({done.returncode}): {done.stdout[-1500:]}{done.stderr[-1500:]}")
    return done.stdout


def run_json(command, core=None, env=None, timeout=120):
    return json.loads(run(command, core, env, timeout))


def merged(env):
    return {**os.environ, **(env or {})}


def wait_for(condition, seconds, what, every=0.05):
    """Polls until the condition holds and returns its value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(every)
    raise RuntimeError(f"{what}: not within {seconds} s")


class Daemon:
    """A process that runs until it is stopped."""

    def __init__(self, command, core=None, env=None, log=os.devnull):
        self.log = log
        with open(log, "ab") as output:
            self.process = subprocess.Popen(
                on_core(core, command), env=merged(env), stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process.poll() is None

    def wait_for_port(self, address, seconds=10):
        """Until it takes connections at `host:port`."""
        host, port = address.split(":")

        def taken():
            if not self.alive():
                raise RuntimeError(f"{self.process.args} ended at once (see {self.log})")
            with socket.socket() as probe:
                return probe.connect_ex((host, int(port))) == 0

        wait_for(taken, seconds, f"connections to {address} (see {self.log})")

    def stop(self, how=signal.SIGTERM, seconds=25):
        if not self.alive():
            return
        self.process.send_signal(how)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def children(pid):
    """Those of all its threads; none of a process that is gone."""
    found = []
    for thread in glob.glob(f"/proc/{pid}/task/*/children"):
        with contextlib.suppress(OSError), open(thread) as file:
            found += [int(child) for child in file.read().split()]
    return found


def memory_bytes(pid, field="Pss"):
    """Memory of a process: `Rss`, or `Pss` where what is shared counts in part."""
    return 1024 * said_of(pid, "smaps_rollup", field)


def peak_memory_bytes(pid):
    """The most that a process ever had (RSS)."""
    return 1024 * said_of(pid, "status", "VmHWM")


def resident_bytes(pid):
    """What a process has in memory now; nothing if it is gone."""
    try:
        return 1024 * said_of(pid, "status", "VmRSS")
    except (OSError, RuntimeError):
        return 0


def children_cpu_seconds():
    """Processor time of all processes that ended so far, those that they started and waited for included."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def written_bytes(pid):
    """What a process has written to disks, as far as the kernel counts it."""
    return said_of(pid, "io", "write_bytes")


def said_of(pid, file, field):
    """The number that a file of /proc gives a field."""
    with open(f"/proc/{pid}/{file}") as lines:
        for line in lines:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    raise RuntimeError(f"/proc/{pid}/{file} has no {field}")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
