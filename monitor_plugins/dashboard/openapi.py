"""The OpenAPI document of the API, made of the table of its endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import msgspec

from monitor_plugins.dashboard.endpoints import ENDPOINTS, V1, Endpoint
from monitor_plugins.dashboard.shapes.monitor import Health, Panel, Wrong

Json = dict[str, Any]  # Any: JSON
_REF = "#/components/schemas/{name}"
_KINDS = {"string": "string", "integer": "integer", "number": "number", "time": "string"}
STREAM: Json = {
    "summary": "Events as they come (server-sent events); `Last-Event-ID` goes on behind one.",
    "parameters": [
        {"name": "after", "in": "query", "schema": {"type": "string"},
         "description": "a position, as `Last-Event-ID`"},
        {"name": "type", "in": "query", "schema": {"type": "string"},
         "description": "beginnings of types, commas between"},
    ],
    "responses": {"200": {"description": "never ends", "content": {"text/event-stream": {}}}},
}  # fmt: skip


def document(version: str) -> Json:
    """OpenAPI 3.1."""
    kinds = list(_kinds())
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REF)
    of = dict(zip(map(id, kinds), schemas, strict=True))
    paths: dict[str, Json] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, of)
    paths[f"{V1}/health"] = {"get": {
        "summary": "How each component of the monitor is.",
        "responses": _responses("200", {"application/json": {"schema": of[id(Health)]}}, of),
    }}  # fmt: skip
    paths[f"{V1}/panels"] = {"get": {
        "summary": "Panels that plugins bring.",
        "responses": _responses("200", {"application/json": {"schema": _page(of[id(Panel)])}}, of),
    }}  # fmt: skip
    paths[f"{V1}/stream"] = {"get": STREAM}
    return {
        "openapi": "3.1.0",
        "info": {"title": "buildopt", "version": version},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}],
    }


def _kinds() -> Iterator[Any]:  # Any: records
    """All records that stand in the document."""
    for endpoint in ENDPOINTS:
        if endpoint.answer not in (None, dict):
            yield from get_args(endpoint.answer) or (endpoint.answer,)
        if endpoint.body:
            yield endpoint.body
    yield from (Health, Panel, Wrong)


def _schema(kind: Any, of: dict[int, Json]) -> Json:  # Any: a record, or several of which one is
    if kind is dict:
        return {"type": "object"}
    several = get_args(kind)
    return {"anyOf": [of[id(each)] for each in several]} if several else of[id(kind)]


def _operation(endpoint: Endpoint, of: dict[int, Json]) -> Json:
    told: Json = {
        "summary": endpoint.summary,
        "parameters": [_parameter(each) for each in endpoint.parameters],
        "responses": _responses(str(endpoint.status), _content(endpoint, of), of),
    }
    if endpoint.body:
        content = {"application/json": {"schema": of[id(endpoint.body)]}}
        told["requestBody"] = {"required": True, "content": content}
    return told


def _content(endpoint: Endpoint, of: dict[int, Json]) -> Json:
    if endpoint.form == "bytes":
        return {"application/json": {"schema": {}}}
    schema = _schema(endpoint.answer, of)
    if endpoint.form == "lines":
        return {"application/x-ndjson": {}}
    return {"application/json": {"schema": _page(schema) if endpoint.form == "list" else schema}}


def _page(item: Json) -> Json:
    return {
        "type": "object",
        "required": ["items", "next"],
        "properties": {
            "items": {"type": "array", "items": item},
            "next": {"type": ["string", "null"], "description": "the `cursor` of the next page"},
        },
    }


def _responses(status: str, content: Json, of: dict[int, Json]) -> Json:
    wrong = {"application/problem+json": {"schema": of[id(Wrong)]}}
    return {
        status: {"description": "as asked", "content": content},
        "304": {"description": "as `If-None-Match` has it"},
        "default": {"description": "a problem (RFC 9457)", "content": wrong},
    }


def _parameter(parameter: Any) -> Json:  # Any: asked.Parameter
    schema: Json = {"type": _KINDS[parameter.kind]}
    if parameter.is_required:
        schema["minLength"] = 1
    if parameter.choices:
        schema["enum"] = list(parameter.choices)
    if parameter.default is not None:
        schema["default"] = parameter.default
    for name, bound in (("minimum", parameter.least), ("maximum", parameter.most)):
        if bound is not None:
            schema[name] = bound
    return {
        "name": parameter.name,
        "in": "path" if parameter.is_path else "query",
        "required": parameter.is_required,
        "description": parameter.text,
        "schema": schema,
    }
