#!/bin/sh
# Tries a package in a copy of this system that disappears afterwards: installs
# it, starts the service by the command line of its unit, carries a line through
# the proxy, and removes and purges it. Needs root, for mounts and chroot.
#
# Usage: try_deb.sh PACKAGE
set -eu

fail() {
  echo "try_deb: $*" >&2
  exit 1
}

# On the real system: makes the copy, with a network of its own.
if [ "${1-}" != --inside ]; then
  package=$(readlink -f "$1")
  self=$(readlink -f "$0")
  work=$(mktemp -d)
  trap 'rmdir "$work"' EXIT
  # shellcheck disable=SC2016 # The inner shell expands it.
  unshare --mount --net --pid --fork --kill-child sh -euc '
    mount -t tmpfs none "$1"
    mkdir "$1/upper" "$1/work" "$1/root"
    mount -t overlay overlay \
      -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
    mount -t proc proc "$1/root/proc"
    mount --bind /dev "$1/root/dev"
    ip link set lo up
    cp "$2" "$1/root/package.deb"
    cp "$3" "$1/root/try.sh"
    exec chroot "$1/root" sh /try.sh --inside
  ' sh "$work" "$package" "$self"
  exit
fi

export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin
rm -f /var/lib/man-db/auto-update # Its update takes longer than all else.
dpkg -i /package.deb
sluice --version
[ "$(stat -c %U /etc/sluice/sluice.jsonc)" = root ] || fail "the user owns its configuration"
sluice check -c /etc/sluice/sluice.jsonc
for file in share/man/man1/sluice.1.gz share/bash-completion/completions/sluice \
  share/zsh/vendor-completions/_sluice share/fish/vendor_completions.d/sluice.fish; do
  [ -s "/usr/$file" ] || fail "/usr/$file is missing"
done

# systemd takes the same words, user and empty environment.
line=$(sed -n 's/^ExecStart=//p' /lib/systemd/system/sluice.service)
user=$(sed -n 's/^User=//p' /lib/systemd/system/sluice.service)
# shellcheck disable=SC2086 # Separate words.
env -i PATH="$PATH" setpriv --reuid "$user" --regid "$user" --clear-groups \
  --no-new-privs $line &
service=$!
sluice echo 127.0.0.1:8080 --quiet &
echo=$!

answer=
tries=0
while [ "$answer" != hello ]; do
  tries=$((tries + 1))
  [ "$tries" -le 100 ] || fail "the service carries nothing"
  sleep 0.1
  answer=$(echo hello |
    sluice connect --quiet --via socks5h://127.0.0.1:1080 8080 2>/dev/null) || true
done
[ "$(stat -c %U "/proc/$service")" = "$user" ] || fail "the service does not run as $user"
kill "$service" "$echo"
wait "$service" || fail "the service ended with exit code $?"

dpkg -r sluice
[ ! -e /usr/bin/sluice ] || fail "the program is left after removal"
[ -e /etc/sluice/sluice.jsonc ] || fail "removal took the configuration"
dpkg -P sluice
for left in /etc/sluice /var/lib/sluice /lib/systemd/system/sluice.service; do
  [ ! -e "$left" ] || fail "$left is left after purging"
done
! getent passwd sluice || fail "the user is left after purging"
echo "Installed, started, removed and purged"
