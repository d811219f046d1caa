"""What is declared: the manifests, written where they are missing, and checked."""

from __future__ import annotations

from nightpress.tasks.session import Session
from nightpress.tasks.task import FORMAT, Task, command, option, say, say_json, switch
from nightpress.text import some

__all__ = ["manifests", "validate"]


def manifests() -> Task:
    """Find the plugins, write the manifests that are missing, report those that are gone."""

    def act(now: Session, rename_generic: bool, add: str) -> bool:
        from nightpress.project import init

        types = tuple(word for word in add.split(",") if word)
        changes = init.sync(now.root, rename_generic=rename_generic, add=types)
        for line in changes.lines():
            say(line)
        return True

    return command(
        act,
        switch("rename-generic", "propose skills/PLUGIN/"),
        option("add", "types that every manifest gets: readme,reference"),
    )


def validate() -> Task:
    """Every problem of every manifest, generator and default."""

    def act(now: Session, format: str) -> bool:
        from msgspec.structs import asdict

        from nightpress.project import validate

        problems = validate.validate(now.root)
        errors = [problem for problem in problems if problem.severity == "error"]
        if format == "json":
            say_json([asdict(problem) for problem in problems])
            return not errors
        for problem in problems:
            say(str(problem))
        count, warnings = len(now.project.slugs()), len(problems) - len(errors)
        found = f"{some(len(errors), 'error')}, {some(warnings, 'warning')}"
        say(f"{some(count, 'manifest')}: {found}")
        return not errors

    return command(act, FORMAT)
