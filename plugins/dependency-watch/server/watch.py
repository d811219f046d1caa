"""A small MCP server over standard input and output: answers from lock files, opens no connection.

Run by hand for a test:
    echo '{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}' | python3 server/watch.py
"""

import difflib
import json
import subprocess
import sys
import tomllib
from pathlib import Path

from locks import NAMES, ROOT, Packages, chains, parse

TEXT = {"type": "string"}
FOLDER = {"type": "string", "description": "folder of the lock file, from the root; default: all"}
TOOLS = [
    {
        "name": "list_dependencies",
        "description": "Packages of the lock files with version, licence and flags; at most 500",
        "inputSchema": {"type": "object", "properties": {
            "folder": FOLDER,
            "contains": {**TEXT, "description": "only names that contain this text"}}},
    },
    {
        "name": "why",
        "description": "Every chain from the project to a package, with the range each step asks for",
        "inputSchema": {"type": "object", "required": ["package"], "properties": {
            "package": TEXT, "folder": FOLDER}},
    },
    {
        "name": "changes",
        "description": "New, gone and changed packages since another branch, tag or commit",
        "inputSchema": {"type": "object", "required": ["base"], "properties": {
            "base": TEXT, "folder": FOLDER}},
    },
]
SKIPPED = {"node_modules", ".git", ".venv", "venv"}


def lock_files(folder: str = "") -> list[Path]:
    """The lock files of the working tree, up to three folders deep."""
    start = Path(folder or ".")
    if start.is_absolute() or ".." in start.parts:
        raise ValueError(f"{folder}: name a folder inside the working tree")
    found = [path for depth in ("", "*/", "*/*/", "*/*/*/") for name in NAMES
             for path in start.glob(depth + name) if not SKIPPED & set(path.parts)]
    if not found:
        raise ValueError("no uv.lock, poetry.lock or package-lock.json here")
    return sorted(found)


def read(path: Path) -> Packages:
    manifest = path.parent / "pyproject.toml"
    project = tomllib.loads(manifest.read_text("utf-8")) if manifest.is_file() else None
    return parse(path.name, path.read_text("utf-8"), project)


def list_dependencies(folder: str = "", contains: str = "") -> str:
    lines = []
    for path in lock_files(folder):
        packages = [p for key, p in read(path).items() if key != ROOT and contains in p.name]
        lines.append(f"{path}: {len(packages)} packages")
        for package in sorted(packages, key=lambda p: (p.name, p.version)):
            facts = [package.version, package.licence, *package.flags]
            lines.append(f"  {package.name} {', '.join(f for f in facts if f)}")
    rest = len(lines) - 500
    return "\n".join(lines[:500] + ([f"... and {rest} more; narrow the question"] if rest > 0 else []))


def why(package: str, folder: str = "") -> str:
    lines, known = [], set()
    for path in lock_files(folder):
        packages = read(path)
        known |= {p.name for p in packages.values()}
        for chain in chains(packages, package):
            steps = [f"{packages[key].name} {packages[key].version}".strip() for key in chain[1:]]
            asked = [packages[a].needs[b] for a, b in zip(chain, chain[1:], strict=False)]
            shown = [f"{step} (asked for: {a})" if a else step
                     for step, a in zip(steps, asked, strict=True)]
            lines.append(f"{path}: " + " -> ".join(shown))
    if lines:
        return "\n".join(lines)
    near = ", ".join(difflib.get_close_matches(package, known, 3)) or "none"
    return f"{package} is not reached from any lock file; nearest names: {near}"


def changes(base: str, folder: str = "") -> str:
    if base.startswith("-"):
        raise ValueError(f"{base}: not a branch, tag or commit")
    lines = []
    for path in lock_files(folder):
        shown = subprocess.run(["git", "show", f"{base}:./{path.as_posix()}"],
                               capture_output=True, text=True, encoding="utf-8")
        old = versions(parse(path.name, shown.stdout)) if shown.returncode == 0 else {}
        new = versions(read(path))
        lines.append(f"{path} since {base}" + ("" if old else " (no such file there)"))
        for name in sorted(old.keys() | new.keys()):
            before, after = old.get(name), new.get(name)
            if before is None:
                lines.append(f"  new      {name} {after}")
            elif after is None:
                lines.append(f"  gone     {name} {before}")
            elif before != after:
                lines.append(f"  changed  {name} {before} -> {after}")
    return "\n".join(lines)


def versions(packages: Packages) -> dict[str, str]:
    """name -> its versions, as one text: several may stand side by side."""
    found: dict[str, set[str]] = {}
    for key, package in packages.items():
        if key != ROOT:
            found.setdefault(package.name, set()).add(package.version)
    return {name: ", ".join(sorted(held)) for name, held in found.items()}


CALLS = {"list_dependencies": list_dependencies, "why": why, "changes": changes}


def call(params: dict) -> dict:
    """Run one tool. What goes wrong is the tool's answer, never the end of the server."""
    try:
        text, failed = CALLS[params["name"]](**params.get("arguments", {})), False
    except (ValueError, KeyError, TypeError, OSError) as error:
        text, failed = f"{type(error).__name__}: {error}", True
    return {"content": [{"type": "text", "text": text}], "isError": failed}


def answer(request: dict) -> dict | None:
    """The reply to one message; None for a notification, which gets no reply."""
    method, params = request.get("method"), request.get("params") or {}
    if "id" not in request:
        return None
    if method == "initialize":
        result = {"protocolVersion": params.get("protocolVersion", "2025-06-18"),
                  "capabilities": {"tools": {}},
                  "serverInfo": {"name": "dependency-watch", "version": "0.6.0"}}
    elif method == "tools/list":
        result = {"tools": TOOLS}
    elif method == "tools/call":
        result = call(params)
    elif method == "ping":
        result = {}
    else:
        error = {"code": -32601, "message": f"unknown method: {method}"}
        return {"jsonrpc": "2.0", "id": request["id"], "error": error}
    return {"jsonrpc": "2.0", "id": request["id"], "result": result}


def main() -> None:
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line))
        except (ValueError, AttributeError):
            error = {"code": -32700, "message": "not a JSON object on one line"}
            reply = {"jsonrpc": "2.0", "id": None, "error": error}
        if reply is not None:
            print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
