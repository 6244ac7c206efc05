"""A bucket of our own: the S3 server of the tests, as a release build, over a folder."""

import datetime
import hashlib
import hmac
import os
import urllib.parse

from tools.process import LOAD_CORE, Daemon, free_port

NAME = "media"
REGION = "us-east-1"
# What that server wants to be signed with.
KEYS = {"AWS_ACCESS_KEY_ID": "mediary-test", "AWS_SECRET_ACCESS_KEY": "mediary-test-secret"}


class Bucket:
    """Runs on the core of the load, as an upstream does, until stopped."""

    name = NAME

    def __init__(self, binary, folder):
        self.folder = folder
        self.address = f"127.0.0.1:{free_port()}"
        os.makedirs(os.path.join(folder, NAME))
        log = os.path.join(folder, "server.log")
        self.daemon = Daemon([binary, folder, self.address], LOAD_CORE, log=log)

    @property
    def url(self):
        return f"http://{self.address}"

    @property
    def settings(self):
        """Of a server that keeps its files here."""
        return {"MEDIA_STORAGE_BACKEND": "s3", "AWS_S3_BUCKET": NAME, "AWS_ENDPOINT_URL": self.url, **KEYS}

    def presigned(self, key, seconds=3600):
        """The path by which anybody can read an object, signed as Amazon wants it (version 4, in the query)."""
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{now[:8]}/{REGION}/s3/aws4_request"
        query = urllib.parse.urlencode({
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{KEYS['AWS_ACCESS_KEY_ID']}/{scope}",
            "X-Amz-Date": now,
            "X-Amz-Expires": seconds,
            "X-Amz-SignedHeaders": "host",
        })
        path = f"/{NAME}/{urllib.parse.quote(key)}"
        request = f"GET\n{path}\n{query}\nhost:{self.address}\n\nhost\nUNSIGNED-PAYLOAD"
        text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        signature = ("AWS4" + KEYS["AWS_SECRET_ACCESS_KEY"]).encode()
        for part in (*scope.split("/"), text):
            signature = hmac.digest(signature, part.encode(), "sha256")
        return f"{path}?{query}&X-Amz-Signature={signature.hex()}"

    def stop(self):
        self.daemon.stop()
