#!/usr/bin/env bash
# Run the command by buildopt, or plainly where that could not be installed. The command's status.
set -euo pipefail

cd "$WORKING_DIRECTORY"
words=(bash --noprofile --norc -e -c "$COMMAND")
home="$RUNNER_TEMP/buildopt"
mkdir -p "$home"
rm -f "$home/result.json"

if ! command -v buildopt >/dev/null; then
  exec "${words[@]}"
fi
case "$CACHE" in
  off) mode=off ;;
  *) mode=read-write ;; # what stays on this runner is not saved for others
esac
exec buildopt run --no-stdin --cache "$mode" --result-file "$home/result.json" -- "${words[@]}"
