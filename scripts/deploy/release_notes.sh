#!/bin/sh
# Prints a version's section of the change log.
#
# Usage: release_notes.sh vVERSION
set -eu
version=${1#v}
file=$(dirname "$0")/../../.github/CHANGELOG.md
notes=$(awk -v head="## $version" '
  /^## / { inside = index($0 " ", head " ") == 1; next }
  inside { print }
' "$file")
if [ -z "$notes" ]; then
  echo "release_notes: CHANGELOG.md has no section '## $version'" >&2
  exit 1
fi
echo "$notes"
