"""The API's own description: /api/v1/openapi.json, with the robot's snapshot among its schemas."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from robot.dashboard.api_models import AuditEntry, Problem
from robot.dashboard.live import State
from robot.dashboard.rights import Right, declared

ABOUT = """Everything the operator's page shows and does, for programs.

Programs send `Authorization: Bearer TOKEN`; the admin makes tokens on the page /tokens. Pages send the
session's cookie, and X-Bombus-CSRF with whatever changes something. Each route says which right it needs;
docs/dashboard.md lists which role has it. Within /api/v1 things are only added: keys that a
program does not know must be passed over. A refusal is always {"detail": one line with the remedy}.
"""
PUBLIC = frozenset({Right.OPEN, Right.STOP})


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI description of `app`."""
    document: dict[str, Any] = get_openapi(
        title="Bombus dashboard", version="1", description=ABOUT, routes=app.routes
    )
    components = document.setdefault("components", {})
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": "bombus-8080"},
    }
    _, schemas = msgspec.json.schema_components([State], ref_template="#/components/schemas/{name}")
    components.setdefault("schemas", {}).update(schemas)
    for model in (Problem, AuditEntry):
        components["schemas"][model.__name__] = model.model_json_schema(mode="serialization")
    rights: dict[str, dict[str, Right | None]] = {
        route.path: {} for route in app.routes if hasattr(route, "path")
    }
    for route in app.routes:
        for method in getattr(route, "methods", None) or ():
            rights[getattr(route, "path", "")][method.lower()] = declared(getattr(route, "endpoint", None))
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            _say_right(operation, rights[path][method])
    return document


def _say_right(operation: dict[str, Any], right: Right | None) -> None:
    operation["x-bombus-right"] = right
    if right in PUBLIC:
        operation["security"] = [{}]
    elif right in {Right.ACCOUNT, Right.MANAGE}:
        operation["security"] = [{"session": []}]
    else:
        operation["security"] = [{"token": []}, {"session": []}]
