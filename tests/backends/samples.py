"""One small plugin, and requests about it: what every test of a backend asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from nightpress.model import Anatomy, Component, Material, Request, SourceFile, Window

MODEL = "gemini-3.5-flash-lite"
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


def request(
    phase: Literal["analysis", "generation", "repair"] = "generation",
    *,
    model: str = MODEL,
    budget: int = 16_384,
    system: str = "Write documentation.",
    extra: str = "",
) -> Request:
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
