"""nginx with sendfile and one worker: the yardstick for serving files and for passing them on, and the upstream that
downloads come from."""

import os
import signal
import subprocess

from tools.process import Daemon, children, cpu_seconds, free_port, need, wait_for

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
    {beside}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        {locations}
    }}
}}
"""


# Of the files that it stands in for WhatsApp with.
TYPES = {".jpg": "image/jpeg", ".zip": "application/zip"}


class Nginx:
    """Runs on one core until stopped. `locations` says what its server has, given the port; `beside`, what else is."""

    def __init__(self, folder, core, locations, beside=""):
        self.port = free_port()
        os.makedirs(folder, exist_ok=True)
        config = os.path.join(folder, "nginx.conf")
        user = "user root;" if os.getuid() == 0 else ""
        with open(config, "w") as file:
            known = {"folder": folder, "port": self.port, "user": user, "beside": beside}
            file.write(FILES.format(**known, locations=locations(self.port)))
        command = [need("nginx", "nginx-light"), "-p", folder, "-c", config, "-e", f"{folder}/error.log"]
        self.daemon = Daemon(command, core, log=os.path.join(folder, "log"))
        wait_for(self.ready, 10, "nginx starts")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def ready(self):
        return subprocess.run(["curl", "-s", "-o", os.devnull, f"{self.url}/"], timeout=5).returncode == 0

    def cpu(self):
        """Seconds that its worker has used."""
        return sum(cpu_seconds(worker) for worker in children(self.daemon.pid))

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
            mime_type = TYPES[os.path.splitext(name)[1]]
            answer = (
                f'{{"messaging_product":"whatsapp","url":"$scheme://127.0.0.1:$server_port/bytes/{prefix}/$1",'
                f'"mime_type":"{mime_type}","sha256":"{sha256}","file_size":"{size}","id":"$1"}}'
            )
            parts.append(
                f'location ~ "^/v[0-9.]+/({prefix}[0-9]+)$" {{ default_type application/json; return 200 \'{answer}\'; }}'
            )
            parts.append(
                f'location ~ "^/bytes/{prefix}/" {{ default_type {mime_type}; root {folder}; rewrite ^ /{name} break; }}'
            )
        parts += takes_messages()
        return "\n        ".join(parts)

    return locations


def takes_messages():
    """Takes every upload and every message at once, under an id that none had before."""
    message = '{"messaging_product":"whatsapp","contacts":[],"messages":[{"id":"wamid.$request_id"}]}'
    return [
        f'location ~ "^/v[0-9.]+/[0-9]+/{path}$" {{ client_max_body_size 110m; default_type application/json; return 200 \'{answer}\'; }}'
        for path, answer in [("media", '{"id":"$request_id"}'), ("messages", message)]
    ]


def over_tls_too(locations, port, certificate):
    """The same locations at a second port, over TLS 1.3."""
    return lambda plain: f"""
        listen 127.0.0.1:{port} ssl backlog=4096;
        ssl_protocols TLSv1.3;
        ssl_certificate {certificate.path};
        ssl_certificate_key {certificate.key};
        {locations(plain)}"""


def counted(locations, log):
    """The same locations, with a line in a log for each request."""
    return lambda port: f"access_log {log};\n        {locations(port)}"


def passing_on(port, tls_port, certificate):
    """Passes on what another nginx serves, as it comes and with nothing kept: `/bytes/` from its plain port,
    `/tls/bytes/` from that with TLS. The locations, and what stands beside the server."""
    upstreams = "".join(
        f"upstream {name} {{ server 127.0.0.1:{at}; keepalive 256; }}\n    "
        for name, at in [("plain", port), ("tls", tls_port)]
    )
    locations = f"""
        proxy_buffering off;
        proxy_buffer_size 64k;
        proxy_buffers 8 64k;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_ssl_protocols TLSv1.3;
        proxy_ssl_verify on;
        proxy_ssl_name {certificate.name};
        proxy_ssl_trusted_certificate {certificate.path};
        location /bytes/ {{ proxy_pass http://plain; }}
        location /tls/ {{ proxy_pass https://tls/; }}"""
    return lambda _: locations, upstreams
