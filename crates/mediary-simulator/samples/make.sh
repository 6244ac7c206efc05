#!/bin/sh
# Makes the sample media anew. Needs python3 (3.9 or later), ffmpeg, espeak-ng, LLVM as a shared library,
# and the Noto and DejaVu fonts:
#   apt-get install ffmpeg espeak-ng llvm-15 fonts-noto-core fonts-dejavu python3-venv
# Usage: ./make.sh [script ...]   for instance ./make.sh cake stickers; without names, everything.
#        DRAFT=1 ./make.sh cake   a quick small picture, for looking at a scene while changing it.
set -eu
cd "$(dirname "$0")"
venv="${VENV:-${TMPDIR:-/tmp}/mediary-samples-venv}"
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --requirement make/requirements.txt
fi
export PYTHONDONTWRITEBYTECODE=1
[ $# -gt 0 ] || set -- photos_mugs photos_parcel photos_paper cake stool bike harbour videos stickers screenshot sounds documents
for script in "$@"; do
    "$venv/bin/python" "make/$script.py"
done
"$venv/bin/python" make/index.py
