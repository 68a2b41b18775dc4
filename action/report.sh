#!/usr/bin/env bash
# Annotations, summary, outputs, report and comment text; then judge by `fail-on`.
# Outputs: cache-hit, time-saved-ms, total-size, report-path, folder (what to keep as an artifact).
set -euo pipefail

home="$RUNNER_TEMP/buildopt"
folder="$home/report"
rm -rf "$folder"
mkdir -p "$folder"

if ! command -v buildopt >/dev/null || ! cd "$WORKING_DIRECTORY"; then
  printf 'cache-hit=false\ntime-saved-ms=0\ntotal-size=0\nreport-path=\nfolder=\n' >>"$GITHUB_OUTPUT"
  exit 0
fi
[ "$SUMMARY" = true ] || export GITHUB_STEP_SUMMARY=

run=()
if [ -s "$home/result.json" ]; then
  run=("$(sed -n 's/.*"run_id": *"\([0-9a-z-]*\)".*/\1/p' "$home/result.json" | head -n 1)")
fi

verdict=0
found=()
judge() { # FILE COMMAND…: a check whose status 1 is its verdict, and anything else our trouble
  local file="$folder/$1" status=0
  shift
  "$@" >"$file" || status=$?
  case "$status" in
    0) found+=(--found "$file") ;;
    1) found+=(--found "$file") && verdict=1 ;;
    *) rm -f "$file" && echo "::warning title=buildopt::\`${*:1:3}\` could not judge: status $status" ;;
  esac
}
for what in ${FAIL_ON//,/ }; do
  case "$what" in
    command) ;;
    regression) judge check.json buildopt check --json --history "$CACHE_PATH/history.json" ;;
    budget) judge budgets.json buildopt bundle check --json ;;
    *) echo "::warning title=buildopt::the input \`fail-on\` knows command, regression and budget" ;;
  esac
done

if [ "${#run[@]}" -gt 0 ]; then
  buildopt integrations ci auto "${run[@]}" "${found[@]}" || true
  buildopt report "${run[@]}" --html "$folder/buildopt-report.html" >/dev/null || true
  buildopt integrations ci comment "${run[@]}" "${found[@]}" --name "$JOB" >"$folder/comment.md" || true
else
  printf 'cache-hit=false\ntime-saved-ms=0\ntotal-size=0\n' >>"$GITHUB_OUTPUT"
fi

report="$folder/buildopt-report.html"
[ -f "$report" ] || report=
echo "report-path=$report" >>"$GITHUB_OUTPUT"
[ -n "$(ls -A "$folder")" ] || folder=
echo "folder=$folder" >>"$GITHUB_OUTPUT"
exit "$verdict"
