#!/bin/sh
# Takes the steps of the Dockerfile where there is no engine: compiles the
# program (or takes one), lays out the image's files, and starts it with those
# alone, as the image's user. Needs root, for chroot.
#
# Usage: try_image.sh [PROGRAM]
# Environment: IMAGE_ROOT, a folder to lay the files out in, which is kept;
# TRY, arguments to start it with (default: those of a doctor's visit).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=${IMAGE_ROOT:-$work/image}

program=${1-}
if [ -z "$program" ]; then
  program=$work/sluice
  deno run -A "$here/../compile.ts" --output="$program"
fi
"$here/image_root.sh" "$program" "$root"
echo "Files of the image:"
(cd "$root" && find . -type f -exec du -h {} +)

# The engine adds these.
cp /etc/hosts /etc/resolv.conf "$root/etc/"

# The engine gives it a /proc of its own, and a user without rights.
run() {
  env -i TMPDIR=/tmp "$(command -v unshare)" --fork --pid \
    --mount-proc=/proc --root="$root" \
    --setgid=65532 --setuid=65532 -- /sluice "$@"
}

# shellcheck disable=SC2086 # Words of their own.
run ${TRY:-doctor --listen 127.0.0.1:0}
