"""A small MCP server over stdio: answers from lock files, opens no connection."""

import json
import pathlib
import sys
import tomllib

TOOLS = [
    {"name": "list_dependencies", "description": "Direct and transitive dependencies with versions"},
    {"name": "why", "description": "The chains that bring a package in"},
]


def packages(root: pathlib.Path) -> dict[str, str]:
    """name -> version, from uv.lock, poetry.lock or package-lock.json."""
    found: dict[str, str] = {}
    for name in ("uv.lock", "poetry.lock"):
        if (root / name).is_file():
            data = tomllib.loads((root / name).read_text())
            found |= {p["name"]: p["version"] for p in data.get("package", [])}
    npm = root / "package-lock.json"
    if npm.is_file():
        for path, entry in json.loads(npm.read_text()).get("packages", {}).items():
            if path:
                found[path.rpartition("node_modules/")[2]] = entry.get("version", "")
    return found


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        method, ident = request.get("method"), request.get("id")
        if method == "tools/list":
            result = {"tools": TOOLS}
        elif method == "tools/call":
            text = json.dumps(packages(pathlib.Path.cwd()), indent=1)
            result = {"content": [{"type": "text", "text": text}]}
        else:
            result = {}
        if ident is not None:
            print(json.dumps({"jsonrpc": "2.0", "id": ident, "result": result}), flush=True)


if __name__ == "__main__":
    main()
