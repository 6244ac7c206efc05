"""Distance: stands before an upstream and lets every request through late."""

import os

from tools.process import LOAD_CORE, Daemon, free_port


class Late:
    """Runs on the core of the load until stopped."""

    def __init__(self, load, folder, url, millis):
        self.address = f"127.0.0.1:{free_port()}"
        command = [load, "late", "--listen", self.address, "--to", url.removeprefix("http://"), "--millis", str(millis)]
        self.daemon = Daemon(command, LOAD_CORE, log=os.path.join(folder, "log"))

    @property
    def url(self):
        return f"http://{self.address}"

    def stop(self):
        self.daemon.stop()
