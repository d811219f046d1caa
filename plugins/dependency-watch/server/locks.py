"""Reads lock files into one shape: packages, and who needs whom."""

import json
import tomllib
from dataclasses import dataclass, field

NAMES = ("uv.lock", "poetry.lock", "package-lock.json")
ROOT = "(project)"


@dataclass
class Package:
    name: str
    version: str
    licence: str = ""
    flags: list[str] = field(default_factory=list)
    needs: dict[str, str] = field(default_factory=dict)  # key of a package -> range asked for


Packages = dict[str, Package]  # key: unique in its lock file; ROOT is the project itself


def parse(name: str, text: str, project: dict | None = None) -> Packages:
    """Packages of one lock file. `project` is pyproject.toml, which poetry.lock needs for roots."""
    if name == "package-lock.json":
        return _npm(json.loads(text))
    data = tomllib.loads(text)
    return _uv(data) if name == "uv.lock" else _poetry(data, project or {})


def _uv(data: dict) -> Packages:
    found: Packages = {ROOT: Package("(project)", "")}
    keys: dict[str, list[str]] = {}
    local = set()
    for entry in data.get("package", []):
        key = f"{entry['name']} {entry.get('version', '')}".strip()
        source = entry.get("source", {})
        if {"virtual", "editable"} & source.keys():
            local.add(key)
            found[ROOT].needs[key] = "workspace"
        found[key] = Package(entry["name"], entry.get("version", ""))
        keys.setdefault(entry["name"], []).append(key)
    for entry in data.get("package", []):
        key = f"{entry['name']} {entry.get('version', '')}".strip()
        groups = [entry.get("dependencies", [])]
        groups += [*entry.get("optional-dependencies", {}).values()]
        groups += [*entry.get("dev-dependencies", {}).values()] if key in local else []
        for need in (one for group in groups for one in group):
            for target in keys.get(need["name"], []):
                if need.get("version", found[target].version) == found[target].version:
                    found[key].needs[target] = need.get("marker", "")
    return found


def _poetry(data: dict, project: dict) -> Packages:
    found: Packages = {ROOT: Package("(project)", "")}
    for entry in data.get("package", []):
        flags = ["optional"] if entry.get("optional") else []
        found[_plain(entry["name"])] = Package(entry["name"], entry["version"], flags=flags)
    for entry in data.get("package", []):
        for name, wanted in entry.get("dependencies", {}).items():
            if _plain(name) in found:
                text = wanted if isinstance(wanted, str) else json.dumps(wanted)
                found[_plain(entry["name"])].needs[_plain(name)] = text
    tool = project.get("tool", {}).get("poetry", {})
    direct = {name: str(wanted) for name, wanted in tool.get("dependencies", {}).items()}
    for group in tool.get("group", {}).values():
        direct |= {name: str(wanted) for name, wanted in group.get("dependencies", {}).items()}
    for line in project.get("project", {}).get("dependencies", []):
        name = line.split(";")[0].split("[")[0].rstrip("0123456789.,<>=!~* ()")
        direct[name.strip()] = line
    found[ROOT].needs = {_plain(n): w for n, w in direct.items() if _plain(n) in found}
    return found


def _npm(data: dict) -> Packages:
    found: Packages = {}
    entries = data.get("packages", {})
    for path, entry in entries.items():
        flags = [f for f in ("dev", "optional", "hasInstallScript") if entry.get(f)]
        name = entry.get("name") or path.rpartition("node_modules/")[2] or ROOT
        licence = entry.get("license", "")
        found[path or ROOT] = Package(
            name if path else ROOT, entry.get("version", ""),
            licence if isinstance(licence, str) else json.dumps(licence), flags)
    for path, entry in entries.items():
        wanted = {**entry.get("dependencies", {}), **entry.get("optionalDependencies", {})}
        if not path:
            wanted |= entry.get("devDependencies", {})
        for name, asked in wanted.items():
            target = _resolve(path, name, entries)
            if target is not None:
                found[path or ROOT].needs[target] = asked
    return found


def _resolve(path: str, name: str, entries: dict) -> str | None:
    """Node's rule: the nearest node_modules folder on the way up to the root."""
    while True:
        candidate = f"{path}/node_modules/{name}" if path else f"node_modules/{name}"
        if candidate in entries:
            link = entries[candidate].get("resolved") if entries[candidate].get("link") else None
            return link if link in entries else candidate
        if not path:
            return None
        path = path.rpartition("/node_modules/")[0] if "/node_modules/" in path else ""


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def chains(packages: Packages, name: str, limit: int = 20) -> list[list[str]]:
    """Chains of keys from the project to every package of that name, the shortest first."""
    found: list[list[str]] = []
    queue = [[ROOT]]
    steps = 0
    while queue and len(found) < limit and steps < 50_000:
        chain = queue.pop(0)
        steps += 1
        for key in packages[chain[-1]].needs:
            if key in chain:
                continue
            if _plain(packages[key].name) == _plain(name):
                found.append([*chain, key])
            else:
                queue.append([*chain, key])
    return found
