#!/usr/bin/env bash
# Put `buildopt`, and nothing else, on the PATH: the command must find its own python, not ours.
# Outputs: cache-path; empty where buildopt is not to be had, and the command then runs without it.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
home="$RUNNER_TEMP/buildopt"

# One failed installation is no reason to fail a build that does not need it.
without() {
  echo "::warning title=buildopt::$1; the command runs without it"
  echo "cache-path=" >>"$GITHUB_OUTPUT"
  exit 0
}

if [ -n "$VERSION" ] && ! [[ "$VERSION" =~ ^[0-9][0-9A-Za-z.+!-]*$ ]]; then
  without "the input \`version\` is no version"
fi

program=$(command -v buildopt || true)
if [ -n "$VERSION" ] || [ -z "$program" ]; then
  mkdir -p "$home/bin"
  python3 -m venv "$home/venv" || without "python3 with venv is missing"
  "$home/venv/bin/pip" install --quiet --disable-pip-version-check \
    "${VERSION:+buildopt==}${VERSION:-$here}" || without "it could not be installed"
  program="$home/bin/buildopt"
  ln -sf "$home/venv/bin/buildopt" "$program"
  echo "$home/bin" >>"$GITHUB_PATH"
fi

"$program" --version || without "it does not start"
echo "cache-path=$("$program" cache path)" >>"$GITHUB_OUTPUT"
