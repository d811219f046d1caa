#!/usr/bin/env bash
# Look at what is staged and refuse what a reviewer would send back.
set -euo pipefail
staged=$(git diff --cached --name-only --diff-filter=ACM)
status=0
for file in $staged; do
  if git show ":$file" | grep -nE '^(<{7}|>{7}) ' >/dev/null; then
    echo "commit-guard: $file holds conflict markers" >&2
    status=2
  fi
  if git diff --cached -U0 -- "$file" | grep -E '^\+.*(console\.log|breakpoint\(\)|dbg!)' >/dev/null; then
    echo "commit-guard: $file adds debug output" >&2
    status=2
  fi
done
exit "$status"
