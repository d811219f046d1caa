"""Many problems of one kind are one line."""

from __future__ import annotations

from nightpress.project import Problem, folded


def test_problems_of_one_kind_are_told_once_with_their_number() -> None:
    unknown = [
        Problem(f"manifests/p{n}.yaml", n, 1, "", f"unknown key 'k{n}'") for n in range(1, 31)
    ]
    other = [Problem("manifests/q.yaml", 1, 1, "", "expected a mapping")]
    assert folded([*unknown, *other]) == [
        "manifests/p1.yaml:1:1: unknown key 'k1'",
        "  and 29 more like it: nightpress validate",
        "manifests/q.yaml:1:1: expected a mapping",
    ]
    kinds = [Problem("m.yaml", 0, 0, "", "x" * n) for n in range(1, 10)]
    assert folded(kinds)[-1] == "... and 3 more problems: nightpress validate"
