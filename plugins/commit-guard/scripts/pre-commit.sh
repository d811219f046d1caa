#!/usr/bin/env bash
# Git's own pre-commit hook: the same judgement for commits that are made outside of a session.
# Copy it together with guard.py; see docs/git-hook.md.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec python3 "$here/guard.py" --staged
