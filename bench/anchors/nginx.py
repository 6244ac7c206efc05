"""nginx with sendfile and one worker: the yardstick for serving files, and the upstream that downloads come from."""

import os
import signal
import subprocess

from tools.process import Daemon, free_port, need, wait_for

FILES = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
{user}
events {{ worker_connections 8192; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    keepalive_timeout 600;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    default_type application/octet-stream;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        {locations}
    }}
}}
"""


class Nginx:
    """Runs on one core until stopped."""

    def __init__(self, folder, core, locations):
        self.port = free_port()
        os.makedirs(folder, exist_ok=True)
        config = os.path.join(folder, "nginx.conf")
        user = "user root;" if os.getuid() == 0 else ""
        with open(config, "w") as file:
            file.write(FILES.format(folder=folder, port=self.port, user=user, locations=locations(self.port)))
        command = [need("nginx", "nginx-light"), "-p", folder, "-c", config, "-e", f"{folder}/error.log"]
        self.daemon = Daemon(command, core, log=os.path.join(folder, "log"))
        wait_for(self.ready, 10, "nginx starts")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def ready(self):
        return subprocess.run(["curl", "-s", "-o", os.devnull, f"{self.url}/"], timeout=5).returncode == 0

    def stop(self):
        self.daemon.stop(signal.SIGTERM)


def serving(folder):
    """Plain files of a folder."""
    return lambda port: f"location / {{ root {folder}; }}"


def before(bucket):
    """In front of an S3 server: reads its objects from the disk by itself, and leaves all else to it."""
    objects, proxy = f"/{bucket.name}/media/", f"proxy_pass {bucket.url}; proxy_set_header Host $http_host;"
    return lambda port: f"""
        location / {{ {proxy} }}
        location @server {{ {proxy} }}
        location {objects} {{
            root {bucket.folder};
            error_page 418 = @server;
            if ($request_method !~ "^(GET|HEAD)$") {{ return 418; }}
        }}"""


def graph(folder, files):
    """Stands in for the Graph API and its media host: media ids that begin with a file's prefix are that file.
    `files` maps prefix to (name, size, SHA-256 in hex)."""

    def locations(port):
        parts = []
        for prefix, (name, size, sha256) in files.items():
            answer = (
                f'{{"messaging_product":"whatsapp","url":"http://127.0.0.1:{port}/bytes/{prefix}/$1",'
                f'"mime_type":"image/jpeg","sha256":"{sha256}","file_size":{size},"id":"$1"}}'
            )
            parts.append(
                f'location ~ "^/v[0-9.]+/({prefix}[0-9]+)$" {{ default_type application/json; return 200 \'{answer}\'; }}'
            )
            parts.append(
                f'location ~ "^/bytes/{prefix}/" {{ default_type image/jpeg; root {folder}; rewrite ^ /{name} break; }}'
            )
        return "\n        ".join(parts)

    return locations
