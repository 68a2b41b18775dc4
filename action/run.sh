#!/usr/bin/env bash
# Run the command by buildopt, or plainly where that could not be installed. The command's status.
set -euo pipefail

cd "$WORKING_DIRECTORY"
home="$RUNNER_TEMP/buildopt"
mkdir -p "$home"
rm -f "$home/result.json"

# Plain words need no shell, and the summary then names the command as it was written.
words=(bash --noprofile --norc -e -c "$COMMAND")
text="${COMMAND%"${COMMAND##*[![:space:]]}"}"
if [[ "$text" =~ ^[A-Za-z0-9_./-]+(\ [A-Za-z0-9_./:=@%+,-]+)*$ ]] && type -P "${text%% *}" >/dev/null; then
  read -ra words <<<"$text"
fi

if ! command -v buildopt >/dev/null; then
  "${words[@]}"
  exit
fi
case "$CACHE" in
  off) mode=off ;;
  *) mode=read-write ;; # what stays on this runner is not saved for others
esac
exec buildopt run --no-stdin --cache "$mode" --result-file "$home/result.json" -- "${words[@]}"
