"""`python -m benchmarks NAME [--json] [ARGS]`: run one benchmark and say what was measured."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from difflib import get_close_matches
from pathlib import Path

HERE = Path(__file__).parent
USAGE = 3


def names() -> list[str]:
    """The benchmarks by the name that a user types."""
    found = pkgutil.iter_modules([str(HERE)])
    return sorted(m.name.replace("_", "-") for m in found if not m.name.startswith("_"))


def listing() -> str:
    lines = ["usage: python -m benchmarks NAME [--json] [ARGS]", ""]
    for name in names():
        module = importlib.import_module(f"benchmarks.{name.replace('-', '_')}")
        if hasattr(module, "main"):
            lines.append(f"  {name:12} {(module.__doc__ or '').strip().splitlines()[0]}")
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    if not argv or argv[0] in {"-h", "--help"}:
        print(listing())
        return 0 if argv else USAGE
    name, *rest = argv
    if name.replace("_", "-") not in names():
        close = get_close_matches(name, names(), n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(names())}"
        print(f"no benchmark {name!r}: {hint}", file=sys.stderr)
        return USAGE
    module = importlib.import_module(f"benchmarks.{name.replace('-', '_')}")
    result = module.main([arg for arg in rest if arg != "--json"])
    if "--json" in rest:
        print(json.dumps(result, indent=1))
    else:
        print(module.render(result))
    return 0


if __name__ == "__main__":
    root = str(HERE.parent)
    if root not in sys.path:
        sys.path.insert(0, root)
    sys.exit(main(sys.argv[1:]))
