#!/usr/bin/env bash
# Write the comment of a pull request, or edit the one that a former run of this job wrote.
set -euo pipefail

text="$FOLDER/comment.md"
marker=$(head -n 1 "$text")
comments="repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments"

without() {
  echo "::notice title=buildopt::no comment: the token may not write one here (forks never may);" \
    "the summary has the same, and docs/guides/github-actions.md another way"
  exit 0
}

known=$(gh api --paginate "$comments" --jq '.[] | [.id, (.body | split("\n")[0] | rtrimstr("\r"))] | @tsv') || without
id=$(printf '%s\n' "$known" | awk -F '\t' -v marker="$marker" '$2 == marker { print $1; exit }')
if [ -n "$id" ]; then
  gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$id" --field "body=@$text" >/dev/null || without
else
  gh api --method POST "$comments" --field "body=@$text" >/dev/null || without
fi
