#!/bin/sh
# Feeds our files to parsers nobody here wrote; fails if one is missing.
#   apt-get install ffmpeg chromium; pip install -r requirements.txt
# PYTHON names the interpreter with those packages, SUBTITLES a built example to use.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
for tool in ffmpeg ffprobe chromium; do
    command -v "$tool" >/dev/null || { echo "missing: $tool" >&2; exit 1; }
done
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
python=${PYTHON:-python3}
"$python" "$here/check.py" make "$out"
if [ -n "${SUBTITLES:-}" ]; then
    "$SUBTITLES" "$out"/in/*.json --out-dir "$out/files" >/dev/null
else
    (cd "$root" && cargo run --release --quiet --example subtitles -- \
        "$out"/in/*.json --out-dir "$out/files" >/dev/null)
fi
"$python" "$here/check.py" check "$out"
