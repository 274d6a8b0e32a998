#!/bin/sh
# Creates the whole file system of the image: the program, its shared libraries,
# and the files that the C library reads. No shell, no tools.
#
# Usage: image_root.sh PROGRAM ROOT
set -eu
program=$1
root=$2

mkdir -p "$root/etc" "$root/proc" "$root/tmp" "$root/config"
chmod 1777 "$root/tmp"
install -m 755 "$program" "$root/sluice"

# Lines such as `libm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x…)`.
ldd "$program" | grep -o '/[^ ]*' | while read -r library; do
  install -D -m 755 "$(readlink -f "$library")" "$root$library"
done

echo 'nonroot:x:65532:65532::/:/nonexistent' > "$root/etc/passwd"
echo 'nonroot:x:65532:' > "$root/etc/group"
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
