"""A certificate for servers on this machine, good for clients that are told to trust it."""

import os

from tools.process import need, run

# It vouches for itself, and for nothing else: rustls takes no server that could make certificates.
CONFIG = """
[req]
prompt = no
distinguished_name = who
x509_extensions = what
[who]
CN = {name}
[what]
basicConstraints = critical, CA:FALSE
subjectAltName = DNS:{name}, IP:127.0.0.1
"""


class Certificate:
    name = "localhost"

    def __init__(self, folder):
        self.path = os.path.join(folder, "certificate.pem")
        self.key = os.path.join(folder, "key.pem")
        config = os.path.join(folder, "request.conf")
        with open(config, "w") as file:
            file.write(CONFIG.format(name=self.name))
        command = [need("openssl", "openssl"), "req", "-x509", "-nodes", "-days", "30", "-config", config]
        command += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        run([*command, "-keyout", self.key, "-out", self.path])
