"""The contract of a backend as a pytest plugin: whoever writes one runs it on it.

    pytest -p nightpress.backends.contract --pyargs nightpress.backends.contract \\
        --backend NAME --settings '{"base_url": "http://127.0.0.1:8080"}' --model MODEL

NAME is that of its entry point (group `nightpress.backends`); `--settings` is what a project would
say of it, a key comes from the environment. It makes some fifteen calls. A suite of its own may
import the tests and bring its own fixtures `backend` and `declared`.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import jsonschema
import pytest

from nightpress.backends import BACKENDS, Declaration, find, section, way
from nightpress.errors import ANSWER_KINDS, BackendError
from nightpress.model import (
    Anatomy,
    Backend,
    Component,
    Material,
    Reply,
    Request,
    SourceFile,
    Window,
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("nightpress", "the contract of a nightpress backend")
    group.addoption("--backend", help="the backend's name")
    group.addoption("--settings", default="{}", help="JSON: what a project says of it")
    group.addoption("--model", default="", help="the model that is asked (its default)")


def _told(config: pytest.Config) -> tuple[Declaration, dict[str, Any], str]:
    """(the declaration along the way that the settings choose, the project's values, the model)"""
    name = config.getoption("--backend")
    if not name:
        raise pytest.UsageError("--backend NAME says which backend is meant")
    settings = json.loads(config.getoption("--settings"))
    values = {name: settings, "base_url": settings.pop("base_url", None)}
    declared, _ = way(name, values)
    return declared, values, config.getoption("--model") or declared.default_model


@pytest.fixture
def declared(pytestconfig: pytest.Config) -> Declaration:
    return find(str(pytestconfig.getoption("--backend")))


@pytest.fixture
def backend(pytestconfig: pytest.Config) -> Iterator[Backend]:
    declared, values, _ = _told(pytestconfig)
    opened = find(declared.name).make(section(declared.name, values), os.environ)
    yield opened
    opened.close()


@pytest.fixture
def model(pytestconfig: pytest.Config) -> str:
    return _told(pytestconfig)[2]


# --- one small plugin, and questions about it ---------------------------------------------------

DEPLOY = """---
name: deploy
description: Deploys one service to the cluster and keeps a way back.
---
# Deploy

Builds the image, applies the manifest and waits until every replica answers its health check.

## Steps

1. Read the service's manifest from `deploy/app.yaml`.
2. Build and tag the image with the commit's short hash.
3. Apply the manifest and watch the rollout until it is complete.

```bash
kubectl apply -f deploy/app.yaml
```

## When it fails

The previous revision is restored, and the logs of the failed replica are shown.
"""
README = """# Shipwright

Shipwright deploys services to a Kubernetes cluster from one command. It checks the image first.

## Features

- Rolls a failed deployment back to the revision that served before.
- Shows the logs of the replica that failed its health check.
"""
SCHEMA: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "required": ["purpose", "description", "commands", "triggers"],
    "properties": {
        "purpose": {"type": "string", "minLength": 20},
        "description": {"type": "string", "minLength": 40, "maxLength": 1024},
        "triggers": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        "commands": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "path"],
                "properties": {"name": {"type": "string"}, "path": {"type": "string"}},
            },
        },
    },
}


def anatomy() -> Anatomy:
    files = (
        SourceFile("README.md", README, len(README)),
        SourceFile("commands/deploy.md", DEPLOY, len(DEPLOY)),
    )
    deploy = Component(
        "command",
        "deploy",
        "commands/deploy.md",
        "Deploys one service to the cluster and keeps a way back.",
        {},
        DEPLOY.split("---\n", 2)[2],
    )
    return Anatomy("shipwright", "Deploys services.", "1.0.0", "", (), (deploy,), files)


def question(
    phase: Literal["analysis", "generation", "repair"] = "generation",
    *,
    model: str,
    budget: int = 16_384,
    system: str = "Write documentation.",
    extra: str = "",
) -> Request:
    """What every test asks: the analysis of that plugin, or a document of it."""
    plugin = anatomy()
    parts = [f'<file path="{f.path}">\n{f.text}\n</file>' for f in plugin.files]
    prompt = "\n".join(["Document this plugin in 8,000 to 14,000 bytes.", *parts, extra])
    return Request(
        phase=phase,
        job="shipwright" if phase == "analysis" else "shipwright/skill",
        model=model,
        system=system,
        prompt=prompt,
        max_output_tokens=budget,
        schema=SCHEMA if phase == "analysis" else None,
        material=Material(plugin, None, "", None, "skills/shipwright/SKILL.md", Window()),
    )


# --- the contract -------------------------------------------------------------------------------


def test_a_declaration_says_all_that_is_asked_of_it(declared: Declaration) -> None:
    assert declared.day.ends(1_795_032_000.0) > 1_795_032_000.0 >= declared.day.began(1_795_032_000)
    assert set(declared.advice) <= {*ANSWER_KINDS, "DaySpent"}
    if declared.kind == "model":
        access = declared.access({})
        assert declared.free or declared.default_model in declared.models
        if declared.auto:
            assert declared.model(declared.default_model).free, "auto must cost nothing"
            assert not access.paid, "what costs money is chosen, never met"
        assert declared.key in {*access.keys, ""}
        assert access.keys or declared.free, "who asks for no key costs nothing"
        for model in declared.models.values():
            days = [last for last, _ in model.prices]
            assert days == sorted(days)
    else:
        assert declared.extractable is not None
    if declared.settings:
        jsonschema.Draft202012Validator.check_schema(declared.settings)
        assert declared.settings["additionalProperties"] is False
        fields = [declared.settings, *declared.settings["properties"].values()]
        assert all(field["description"] for field in fields)


def test_says_who_it_is(backend: Backend) -> None:
    assert backend.name in BACKENDS, "its rows in the ledger are under this name"
    assert backend.kind == find(backend.name).kind


def test_writes_markdown_of_the_plugin(backend: Backend, model: str) -> None:
    reply = backend.ask(question(model=model))
    assert isinstance(reply, Reply)
    assert reply.finish == "stop"
    assert reply.model and not reply.rerouted
    assert "deploy" in reply.text
    assert not reply.text.startswith("---"), "the frontmatter is ours to render"
    assert reply.text.count("```") % 2 == 0


def test_answers_with_json_of_the_schema(backend: Backend, model: str) -> None:
    reply = backend.ask(question("analysis", model=model))
    value = json.loads(reply.text)
    if backend.kind == "model":
        jsonschema.validate(value, SCHEMA)
        assert [c["name"] for c in value["commands"]] == ["deploy"]
    assert isinstance(value, dict)


def test_counts_what_a_call_cost(backend: Backend, model: str) -> None:
    reply = backend.ask(question(model=model))
    if backend.kind == "offline":
        assert (reply.tokens_in, reply.tokens_out, reply.http_status) == (0, 0, None)
    else:
        assert reply.tokens_in > 100 and reply.tokens_out > 100
        assert reply.http_status in (200, None)
        assert reply.raw, "what was paid for is kept as it came"


def test_serves_threads_at_once(backend: Backend, model: str) -> None:
    replies: list[Reply] = []

    def ask(n: int) -> None:
        replies.append(backend.ask(question(model=model, extra=f"Note {n}.")))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(replies) == 8
    assert all("deploy" in r.text for r in replies)


def test_closes_twice_and_opens_again(backend: Backend, model: str) -> None:
    backend.ask(question(model=model))
    backend.close()
    backend.close()
    assert backend.ask(question(model=model)).text


def test_a_failure_is_told_in_the_words_of_the_house(backend: Backend) -> None:
    """Whatever a model that nobody has comes to: a reply (of a server that minds no name), or a
    BackendError of a kind that is known; never another exception."""
    try:
        reply = backend.ask(question(model="no-such-model-anywhere", extra="Note 0."))
    except BackendError as error:
        assert error.answer.kind in ANSWER_KINDS
        assert error.answer.message and "\n" not in error.answer.message
    else:
        assert isinstance(reply, Reply)
