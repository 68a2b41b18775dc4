#!/usr/bin/env bash
# Bring the cache to a size that leaves room for others in the repository's 10 GB, and take out
# what holds a secret's value: others can read it.
# Outputs: save, `true` where there is something to save.
set -euo pipefail

[ -d "$CACHE_PATH" ] || exit 0
buildopt cache prune --no-secrets --limit "${BUILDOPT_CACHE_LIMIT:-1 GB}"
echo "save=true" >>"$GITHUB_OUTPUT"
