"""YAML to plain values with their lines and columns: no tags, no aliases, no key twice, and no file that costs much to read."""

from __future__ import annotations

import re
from typing import Any

import yaml

from workers.core.config_nodes import Entry, Listing, Mapping, Node, Plain, Scalar
from workers.core.redact import redact
from workers.core.refusals import Refusal, RefusalCode

LONGEST = 256 * 1024
DEEPEST = 20
_STANDARD = "tag:yaml.org,2002:"
_SCALAR_TAGS = frozenset(_STANDARD + name for name in ("str", "int", "float", "bool", "null", "timestamp"))
# The plain scalars of YAML 1.2: `yes`, `on` and `12:30` are text, whatever YAML 1.1 thought.
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,17}\.[0-9]{1,17}")
_WORDS: dict[str, Plain] = {"": None, "~": None, "null": None, "true": True, "false": False}


def read(content: bytes, path: str) -> Node | Refusal:
    """Return a YAML file as a tree of values; a Refusal(config_invalid) with the line where it cannot be one."""
    if len(content) > LONGEST:
        return _refusal(f"it is larger than {LONGEST // 1024} KiB", "keep the configuration short", path, None)
    try:
        node = _Composer(content.decode("utf-8-sig")).get_single_node()
        return Scalar(None, 1, 1) if node is None else _value(node)
    except UnicodeDecodeError as error:
        return _refusal("it is not UTF-8", "save it as UTF-8", path, content[: error.start].count(b"\n") + 1)
    except _OutsideOfYamlError as error:
        return _refusal(error.message, error.fix, path, error.line)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        return _refusal(f"it is not valid YAML: {error.problem or error.context}", "mend the syntax", path, line)
    except yaml.YAMLError:
        return _refusal("it holds characters that YAML does not allow", "remove control characters", path, None)


class _OutsideOfYamlError(Exception):
    """Valid YAML that a configuration may not use."""

    def __init__(self, message: str, fix: str, node: Any) -> None:  # noqa: ANN401 -- a node or an event of yaml
        super().__init__(message)
        self.message, self.fix, self.line = message, fix, node.start_mark.line + 1


class _Composer(yaml.SafeLoader):
    """Composes nodes and constructs nothing; stops at the first alias and below the deepest level, before recursion could hurt."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:  # noqa: ANN401
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _OutsideOfYamlError("anchors and aliases are not read here", "write the value out", event)
        if self.depth >= DEEPEST:
            raise _OutsideOfYamlError(f"it is nested deeper than {DEEPEST} levels", "flatten it", event)
        self.depth += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _value(node: yaml.Node) -> Node:
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    if isinstance(node, yaml.MappingNode) and node.tag == _STANDARD + "map":
        return Mapping(_entries(node), line, column)
    if isinstance(node, yaml.SequenceNode) and node.tag == _STANDARD + "seq":
        return Listing(tuple(_value(item) for item in node.value), line, column)
    if isinstance(node, yaml.ScalarNode) and node.tag in _SCALAR_TAGS:
        return Scalar(_plain(node), line, column)
    raise _OutsideOfYamlError("tags and merge keys are not read here", "write a plain value, list or mapping", node)


def _entries(node: yaml.MappingNode) -> tuple[Entry, ...]:
    entries: dict[str, Entry] = {}
    for key, value in node.value:
        name = _key(key)
        if name in entries:
            first = entries[name].line
            raise _OutsideOfYamlError(
                f"a key stands twice: `{redact(name)[:60]}` (first on line {first})", "keep one of them", key
            )
        entries[name] = Entry(name, _value(value), key.start_mark.line + 1, key.start_mark.column + 1)
    return tuple(entries.values())


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode) or node.tag not in _SCALAR_TAGS:
        raise _OutsideOfYamlError("a key must be plain text", "write it as `name: value`", node)
    return str(node.value)


def _plain(node: yaml.ScalarNode) -> Plain:
    text = str(node.value)
    if node.style is not None or node.tag == _STANDARD + "str":
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def _refusal(message: str, fix: str, path: str, line: int | None) -> Refusal:
    return Refusal(
        code=RefusalCode.CONFIG_INVALID, message=f"{path} cannot be read: {message}", fix=fix, path=path, line=line
    )
