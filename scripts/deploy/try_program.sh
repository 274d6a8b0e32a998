#!/bin/sh
# Tries a compiled program on its system: carries a line through its proxy to
# its echo server. Any shell does, also that of Git for Windows.
#
# Usage: try_program.sh PROGRAM [ECHO_PORT [PROXY_PORT]]
set -eu
program=$1
echo_port=${2-18080}
proxy_port=${3-11080}

chmod +x "$program"
"$program" --version
"$program" help proxy > /dev/null

"$program" echo "127.0.0.1:$echo_port" &
echo=$!
"$program" --listen "127.0.0.1:$proxy_port" &
proxy=$!
trap 'kill $echo $proxy 2>/dev/null || true' EXIT

answer=
tries=0
while [ "$answer" != hello ]; do
  tries=$((tries + 1))
  if [ "$tries" -gt 100 ]; then
    echo "try_program: the proxy carries nothing" >&2
    exit 1
  fi
  sleep 0.1
  answer=$(echo hello | "$program" connect --quiet \
    --via "socks5h://127.0.0.1:$proxy_port" "$echo_port" 2>/dev/null |
    tr -d '\r') || true
done
echo "It carries"
