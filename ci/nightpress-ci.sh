#!/usr/bin/env bash
# nightpress in a job of any forge: installs it beside the job's files, then runs `nightpress ci`.
#
#   ci/nightpress-ci.sh check [ARGUMENTS]      nightpress ci check --help
#   ci/nightpress-ci.sh nightly [ARGUMENTS]    nightpress ci nightly --help
#
# From the environment:
#   NIGHTPRESS_SOURCE   what pip installs (default: nightpress)
#   NIGHTPRESS_VENV     where to (default: a folder in $RUNNER_TEMP, $TMPDIR or /tmp)
#   NIGHTPRESS          a nightpress that is installed already; then nothing is
#   GITHUB_TOKEN, GITHUB_REPOSITORY    the comment and the pull request, on GitHub
#   GEMINI_API_KEY      who writes; without it, the offline writer does
#   XDG_STATE_HOME      where the quota is counted (default: in .nightpress, which the job carries)
set -euo pipefail

nightpress=${NIGHTPRESS:-}
if [ -z "$nightpress" ]; then
  venv=${NIGHTPRESS_VENV:-${RUNNER_TEMP:-${TMPDIR:-/tmp}}/nightpress-venv}
  [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "${NIGHTPRESS_SOURCE:-nightpress}"
  nightpress=$venv/bin/nightpress
fi

# one argument a line, for workflows that hand over a block of text
arguments=()
while IFS= read -r line; do
  [ -z "$line" ] || arguments+=("$line")
done <<<"${NIGHTPRESS_ARGUMENTS:-}"

export XDG_STATE_HOME=${XDG_STATE_HOME:-$PWD/.nightpress}
exec "$nightpress" ci "$@" ${arguments[@]+"${arguments[@]}"}
