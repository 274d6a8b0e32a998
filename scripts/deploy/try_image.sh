#!/bin/sh
# Performs the steps of the Dockerfile without an engine: compiles the program
# (or takes one), creates the image's files, and starts the program with only
# those, read-only, as the image's user, without a home. Needs root, for mounts
# and chroot.
#
# Usage: try_image.sh [PROGRAM]
# Environment: IMAGE_ROOT, a folder for the files, which is kept; TRY, arguments
# for the program (default: those of `sluice doctor`).
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

# An engine adds these.
cp /etc/hosts /etc/resolv.conf "$root/etc/"

# An engine gives it its own /proc, and a user without privileges.
run() {
  # shellcheck disable=SC2016 # The inner shell expands it.
  env -i PATH="$PATH" unshare --mount sh -euc '
    mount --bind "$1" "$1"
    mount -o remount,bind,ro "$1"
    root=$1
    shift
    exec env -i "$(command -v unshare)" --fork --pid --mount-proc=/proc \
      --root="$root" --setgid=65532 --setuid=65532 -- /sluice "$@"
  ' sh "$root" "$@"
}

# shellcheck disable=SC2086 # Separate words.
run ${TRY:-doctor --listen 127.0.0.1:0}
