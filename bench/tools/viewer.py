"""A viewer down to its socket: for what the usual tools do not tell, which are the first byte of a file, readers at a
pace with a file each, and many that ask in one moment."""

import selectors
import socket
import time

SILENCE_SECONDS = 30
# What is read is not looked at, so that one buffer does for all.
BUFFER = bytearray(256 * 1024)
# Of an answer whose first byte counts, so that it does not matter how much has come with it.
FIRST_BYTES = 4096
# Slow viewers that come at a time, so that the upstream has done with the first rush before the next ones come.
ARRIVALS = 10


class Viewer:
    """One connection that asks for one file after the other."""

    def __init__(self, url, bearer=None, receive_buffer=None):
        self.address = url.removeprefix("http://")
        self.headers = f"Authorization: Bearer {bearer}\r\n" if bearer else ""
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(SILENCE_SECONDS)
        host, port = self.address.split(":")
        self.socket.connect((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, path):
        self.head, self.left = b"", None
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {self.address}\r\n{self.headers}\r\n".encode())

    def take(self, most=len(BUFFER)):
        """Reads once, and says how many bytes of the file came. `left` is then what is still to come."""
        count = self.socket.recv_into(BUFFER, most)
        if count == 0:
            raise RuntimeError(f"{self.address} ended a connection within an answer")
        if self.left is None:
            self.head, end, rest = (self.head + BUFFER[:count]).partition(b"\r\n\r\n")
            if not end:
                return 0
            self.left, count = length(self.head), len(rest)
        self.left -= count
        return count

    def begin(self, path):
        """Asks, and waits for the first byte of the file."""
        self.ask(path)
        while self.take(FIRST_BYTES) == 0:
            pass

    def take_all(self):
        while self.left != 0:
            self.take()

    def close(self):
        self.socket.close()


def length(head):
    """Of the file, from the head of an answer that has to be a good one."""
    status, *headers = head.decode("latin-1").split("\r\n")
    for header in headers:
        name, _, value = header.partition(":")
        if name.lower() == "content-length" and status.split(" ")[1] == "200":
            return int(value)
    raise RuntimeError(f"no whole file: {head!r}")


def first_byte(viewer, path):
    """Milliseconds until the first byte of a file. All of it is read."""
    asked = time.perf_counter()
    viewer.begin(path)
    took = time.perf_counter() - asked
    viewer.take_all()
    return took * 1000


def read_slowly(new_viewer, paths, bytes_per_second, seconds, look):
    """A viewer for each path, who takes a little of it four times a second. Some more begin each time until all do, and
    all continue for a while. Looks at something each time."""
    step, viewers, taken, ends = bytes_per_second // 4, [], [0] * len(paths), None
    while not ends or time.monotonic() < ends:
        tick = time.monotonic() + 0.25
        for path in paths[len(viewers) :][:ARRIVALS]:
            viewers.append(new_viewer())
            viewers[-1].begin(path)
            viewers[-1].socket.setblocking(False)
        for number, viewer in enumerate(viewers):
            try:
                taken[number] += viewer.take(step)
            except BlockingIOError:
                pass
        look()
        if not ends and len(viewers) == len(paths):
            ends = time.monotonic() + seconds
        time.sleep(max(0, tick - time.monotonic()))
    for viewer in viewers:
        viewer.close()
    if min(taken) < bytes_per_second * seconds / 2:
        raise RuntimeError(f"a slow reader got {min(taken)} bytes in {seconds} s")


def read_at_once(viewers, path):
    """All ask for one file in the same moment and read it as fast as they can."""
    for viewer in viewers:
        viewer.ask(path)
    with selectors.DefaultSelector() as ready:
        for viewer in viewers:
            ready.register(viewer.socket, selectors.EVENT_READ, viewer)
        while ready.get_map():
            came = ready.select(SILENCE_SECONDS)
            if not came:
                raise RuntimeError(f"{path}: nothing came for {SILENCE_SECONDS} s")
            for key, _ in came:
                key.data.take()
                if key.data.left == 0:
                    ready.unregister(key.fileobj)
