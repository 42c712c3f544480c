"""Whether what the stand-in said is what GitHub says: its logs against GitHub's own OpenAPI descriptions of REST and of webhooks.

Other tests call `assert_no_violations(github.exchange_log, github.delivery_log)` at the end of a run.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs

from tests.demo.github.fetch_descriptions import REST, WEBHOOKS, Description, fetch

LONG = ("path", "ref", "basehead", "branch", "tree_sha", "commit_sha")  # parameters that may hold slashes
SHOWN = 25
NAMES = (
    "properties",
    "patternProperties",
    "schemas",
    "responses",
    "paths",
    "parameters",
    "requestBodies",
    "headers",
    "webhooks",
)


@dataclass(frozen=True, slots=True)
class Violation:
    where: str  # an operation and status, or an event
    at: str  # the place in the JSON
    message: str

    def __str__(self) -> str:
        return f"{self.where}  {self.at}: {self.message[:300]}"


@dataclass(frozen=True, slots=True)
class Noise:
    """A fault of the description itself: GitHub is known to send what it forbids."""

    where: str  # regular expressions
    at: str
    message: str
    reason: str


NOISE = (
    Noise("", r"head/repo$", r"^null is not of type", "GitHub sends null when the fork of a pull is gone"),
    Noise(r"^GET /app/installations 200", r"account", "", "demands a user and an enterprise at once"),
    Noise(
        "",
        r"(environment_url|log_url|target_url)$",
        r'^"" is not a "uri"',
        "defaults to an empty text, which is no URI",
    ),
    Noise(
        "",
        r"app/events/\d+$",
        r'^"merge_group" is not one of',
        "the list of an App's events is older than merge queues",
    ),
    Noise("", r"email$", r"\[bot\]@users\.noreply\.github\.com", "the addresses of bots hold brackets"),
)


def assert_no_violations(exchange_log: Path, delivery_log: Path) -> None:
    """Fails with the first violations found; also when nothing was logged at all."""
    exchanges, deliveries = _lines(exchange_log), _lines(delivery_log)
    assert exchanges or deliveries, "nothing was logged"
    found = [*_of_exchanges(exchanges), *_of_deliveries(deliveries)]
    unique = list(dict.fromkeys(str(violation) for violation in found))
    assert not unique, f"{len(unique)} violations of GitHub's description:\n" + "\n".join(unique[:SHOWN])


def violations(exchange_log: Path, delivery_log: Path) -> tuple[Violation, ...]:
    return (*_of_exchanges(_lines(exchange_log)), *_of_deliveries(_lines(delivery_log)))


def translate(schema: Any) -> Any:
    """OpenAPI 3.0 to JSON Schema: `nullable` becomes a type of null beside the others, also where an enum or a $ref stands."""
    if isinstance(schema, list):
        return [translate(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {}
    for key, value in schema.items():
        if key in NAMES and isinstance(value, dict):
            plain[key] = {name: translate(one) for name, one in value.items()}
        elif key in ("example", "examples", "default", "enum", "const"):
            plain[key] = value
        else:
            plain[key] = translate(value)
    return _with_null(plain) if plain.pop("nullable", False) else plain


def _with_null(schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(schema.get("type"), str) and not {"oneOf", "anyOf", "allOf", "$ref"} & schema.keys():
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema and None not in schema["enum"]:
            schema["enum"] = [*schema["enum"], None]
        return schema
    return {"anyOf": [schema, {"type": "null"}]}


def _of_exchanges(records: list[dict[str, Any]]) -> Iterator[Violation]:
    for record in records:
        if record["path"] == "/api/graphql" or record["status"] == 304:
            continue
        template = _template(record["method"].lower(), record["path"])
        where = f"{record['method']} {template or record['path']} {record['status']}"
        if template is None:
            if record["status"] < 400:
                yield Violation(where, "", "GitHub has no such operation")
            continue
        yield from _of_response(where, template, record)
        if record["status"] < 300 and record["request"] is not None:
            pointer = _request_pointer(template, record["method"].lower())
            if pointer:
                yield from _errors(f"{where} request", pointer, record["request"])


def _of_response(where: str, template: str, record: dict[str, Any]) -> Iterator[Violation]:
    if record["status"] >= 400 and "message" not in (record["response"] or {}):
        yield Violation(where, "", "an error has a message")
    if record["status"] == 500:
        yield Violation(where, "", "the stand-in broke")
    responses = _rest()["paths"][template][record["method"].lower()]["responses"]
    described = responses.get(str(record["status"]))
    if "fault" in record or (described is None and record["status"] >= 400):
        yield from _errors(where, "rest:#/components/schemas/basic-error", record["response"])
        return
    if described is None:
        yield Violation(
            where, "", f"GitHub never answers this with {record['status']}; it does with {', '.join(responses)}"
        )
        return
    pointer = f"rest:#/paths/{_escape(template)}/{record['method'].lower()}/responses/{record['status']}"
    if "$ref" in described:
        pointer = f"rest:{described['$ref']}"
        described = _at(described["$ref"])
    content = described.get("content", {})
    if "application/json" not in content:
        if record["response"] is not None and record["status"] < 400:
            yield Violation(where, "", "GitHub answers this without a body")
        return
    if record["content_type"] == "application/json":
        yield from _errors(where, f"{pointer}/content/application~1json/schema", record["response"])


def _request_pointer(template: str, method: str) -> str | None:
    body = _rest()["paths"][template][method].get("requestBody")
    if not body or "application/json" not in body.get("content", {}):
        return None
    return f"rest:#/paths/{_escape(template)}/{method}/requestBody/content/application~1json/schema"


def _of_deliveries(records: list[dict[str, Any]]) -> Iterator[Violation]:
    for record in records:
        name = "-".join(part for part in (record["event"], record["action"]) if part).replace("_", "-")
        described = _webhooks()["webhooks"].get(name)
        if described is None:
            yield Violation(f"event {name}", "", "GitHub has no such event")
            continue
        sent = {header.lower() for header in record["headers"]} | (
            {"x-hub-signature-256"} if record["signed"] else set()
        )
        for parameter in described["post"].get("parameters", ()):
            if parameter["in"] == "header" and parameter["required"] and parameter["name"].lower() not in sent:
                yield Violation(f"event {name}", parameter["name"], "this header is required")
        pointer = f"hooks:#/webhooks/{name}/post/requestBody/content/application~1json/schema"
        yield from _errors(f"event {name}", pointer, record["payload"])


def _errors(where: str, pointer: str, value: Any) -> Iterator[Violation]:
    for error in _validator(pointer).iter_errors(value):
        for violation in _leaves(where, error):
            if not any(_is_noise(violation, noise) for noise in NOISE):
                yield violation


def _leaves(where: str, error: Any) -> Iterator[Violation]:
    yield Violation(where, "/".join(str(part) for part in error.instance_path), error.message)


def _is_noise(violation: Violation, noise: Noise) -> bool:
    return all(
        re.search(pattern, text)
        for pattern, text in (
            (noise.where, violation.where),
            (noise.at, violation.at),
            (noise.message, violation.message),
        )
    )


@functools.cache
def _validator(pointer: str) -> Any:
    return jsonschema_rs.Draft202012Validator({"$ref": pointer}, registry=_registry(), validate_formats=True)


@functools.cache
def _registry() -> Any:
    return jsonschema_rs.Registry(
        resources=[("rest:", _rest()), ("hooks:", _webhooks())], draft=jsonschema_rs.Draft202012
    )


@functools.cache
def _rest() -> Any:
    return translate(_load(REST))


@functools.cache
def _webhooks() -> Any:
    return _load(WEBHOOKS)  # OpenAPI 3.1 is JSON Schema already


@functools.cache
def _templates() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Every path of the description as a pattern, the most literal first."""
    patterns = []
    for template in _rest()["paths"]:
        parts = [
            (("(?:.*)" if part[1:-1] in LONG else "(?:[^/]+)") if part.startswith("{") else re.escape(part))
            for part in re.split(r"(\{[^}]+\})", template)
        ]
        patterns.append((re.compile("".join(parts)), template))
    return tuple(sorted(patterns, key=lambda pair: -len(re.sub(r"\{[^}]+\}", "", pair[1]))))


def _template(method: str, path: str) -> str | None:
    return next((t for pattern, t in _templates() if method in _rest()["paths"][t] and pattern.fullmatch(path)), None)


def _at(reference: str) -> Any:
    node = _rest()
    for part in reference.removeprefix("#/").split("/"):
        node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


def _escape(template: str) -> str:
    return template.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


def _load(description: Description) -> Any:
    fetch(description)
    return json.loads(description.path.read_bytes())


def _lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []
