#!/usr/bin/env bash
# Installs what a task needs and is missing. On Debian as root (or with sudo) by apt; elsewhere it says what to install.
set -euo pipefail

missing=()
need() { # command, Debian package
    command -v "$1" >/dev/null 2>&1 || missing+=("$2")
}

for task in "$@"; do
    case "$task" in
    build)
        need cc build-essential
        # The JPEG decoder is C and assembler.
        need cmake cmake
        need nasm nasm
        ;;
    demo)
        # Posters of videos.
        need ffmpeg ffmpeg
        ;;
    test)
        need ffmpeg ffmpeg
        need chromium chromium
        need valgrind valgrind
        need strace strace
        need git git
        # What small versions of pictures are compared with.
        need vipsthumbnail libvips-tools
        need heif-convert libheif-examples
        need python3 python3
        python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
        ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
        ;;
    bench)
        need wrk wrk
        need nginx nginx-light
        need python3 python3
        need sqlite3 sqlite3
        need curl curl
        need openssl openssl
        need taskset util-linux
        need vips libvips-tools
        need ffmpeg ffmpeg
        ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql postgresql-contrib)
        ;;
    esac
done

if ((${#missing[@]})); then
    echo "Installing: ${missing[*]}"
    apt=(apt-get)
    if ((EUID != 0)); then apt=(sudo apt-get); fi
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "Please install these first: ${missing[*]}" >&2
        exit 1
    fi
    "${apt[@]}" update --quiet=2
    DEBIAN_FRONTEND=noninteractive "${apt[@]}" install --quiet=2 --yes --no-install-recommends "${missing[@]}" >/dev/null
fi

for tool in cargo node npm; do
    if ! command -v "$tool" >/dev/null 2>&1; then
        echo "$tool is missing. Mediary needs Rust 1.95 or later (rustup) and Node 20.19 or later." >&2
        exit 1
    fi
done
