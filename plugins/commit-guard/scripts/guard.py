"""Find conflict markers, debug output, large files and mixed line endings in staged changes.

    guard.py --hook      read a PreToolUse event; judge only if the command is a git commit
    guard.py --staged    judge what is staged now (git's pre-commit hook, /guard-check)
    guard.py --all       judge every tracked file

Ends with 0 without findings and with 2 with findings, which are printed to standard error.
"""

import fnmatch
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

DEFAULTS = {
    "debugCalls": ["console.log(", "breakpoint()", "dbg!(", "var_dump("],
    "maxBytes": 500_000,
    "allow": [],
}
COMMIT = re.compile(r"\bgit\b[^|;&\n]*\bcommit\b")
MARKER = re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE)


def git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], check=True, capture_output=True).stdout


def settings(root: Path) -> dict:
    """The defaults, overlaid with .commit-guard.json where the project has one."""
    path = root / ".commit-guard.json"
    given = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {**DEFAULTS, **given}


def names(every: bool) -> list[str]:
    """Paths from the root of the repository; deleted files and submodules are left out."""
    if every:
        entries = git("ls-files", "-s", "-z").split(b"\0")
        pairs = (entry.split(b"\t", 1) for entry in entries if entry)
        found = [name for head, name in pairs if not head.startswith(b"160000")]
    else:
        listing = git("diff", "--cached", "--name-only", "-z", "--no-renames", "--diff-filter=ACM",
                      "--ignore-submodules=all")
        found = [name for name in listing.split(b"\0") if name]
    return [name.decode("utf-8", "surrogateescape") for name in found]


def added(name: str, content: bytes, every: bool) -> list[tuple[int, str]]:
    """(line number, text) of the lines that are new; of all lines when everything is judged."""
    if every:
        return list(enumerate(content.decode("utf-8", "replace").splitlines(), start=1))
    lines, number = [], 0
    for line in git("diff", "--cached", "-U0", "--no-color", "--no-ext-diff", "--no-renames",
                    "--", f":(top,literal){name}").decode("utf-8", "replace").splitlines():
        if line.startswith("@@"):
            number = int(re.search(r"\+(\d+)", line).group(1))
        elif line.startswith("+") and not line.startswith("+++ "):
            lines.append((number, line[1:]))
            number += 1
    return lines


def judge(name: str, config: dict, every: bool) -> list[tuple[str, str]]:
    """(kind of accident, one line for the reader) for one file."""
    content = git("show", f":{name}")
    allowed = any(fnmatch.fnmatch(name, pattern) for pattern in config["allow"])
    findings = []
    if not allowed and len(content) > config["maxBytes"]:
        limit = config["maxBytes"]
        findings.append(("large file", f"{name}: {len(content):,} bytes, limit {limit:,}"))
    if b"\0" in content[:8192]:
        return findings
    marker = MARKER.search(content)
    if marker:
        line = content.count(b"\n", 0, marker.start()) + 1
        findings.append(("conflict marker", f"{name}:{line}: conflict marker"))
    if allowed:
        return findings
    windows = content.count(b"\r\n")
    if 0 < windows < content.count(b"\n"):
        findings.append(("mixed endings", f"{name}: {windows} of its lines end with CR LF"))
    for number, text in added(name, content, every):
        if any(call in text for call in config["debugCalls"]):
            findings.append(("debug output", f"{name}:{number}: debug output: {text.strip()[:80]}"))
    return findings


def record(findings: list[tuple[str, str, str]]) -> None:
    """One line per refusal in git's own folder, for /guard-report; it is never committed."""
    log = Path(git("rev-parse", "--git-path", "commit-guard.log").decode().strip())
    with log.open("a", encoding="utf-8", errors="surrogateescape") as file:
        for kind, name, _ in findings:
            file.write(json.dumps({"time": int(time.time()), "kind": kind, "path": name}) + "\n")


def main(arguments: list[str]) -> int:
    if "--hook" in arguments:
        command = json.load(sys.stdin).get("tool_input", {}).get("command", "")
        if not COMMIT.search(command):
            return 0
    inside = subprocess.run(["git", "rev-parse", "--show-toplevel"], capture_output=True)
    if inside.returncode != 0:
        return 0
    os.chdir(inside.stdout.decode().strip())  # patterns and paths count from the root
    every = "--all" in arguments
    config = settings(Path.cwd())
    checked = sorted(names(every))
    findings = [(kind, name, line) for name in checked for kind, line in judge(name, config, every)]
    for _, _, line in findings:
        shown = "".join(c if c.isprintable() else "?" for c in line)
        print(f"commit-guard: {shown}", file=sys.stderr)
    if not findings:
        return 0
    if not every:
        record(findings)
    many = "finding" if len(findings) == 1 else "findings"
    print(f"commit-guard: {len(findings)} {many} in {len(checked)} files", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
