"""Expressions on PostgreSQL's own syntax tree: brought to the form that the server reads them back in."""

from __future__ import annotations

from workers.reading.postgresql_tree import Node, UnreadableSqlError, deparsed, pb, syntax_tree, wrappers


def spelled(text: str) -> str:
    """Return the canonical text of a statement. One that this parser cannot read (the syntax of a newer server) or cannot write stays as it is."""
    try:
        tree = syntax_tree(text)
        for node in wrappers(tree):
            _push_cast(node)
        return deparsed(tree)
    except UnreadableSqlError:
        return text


def _push_cast(node: Node) -> None:
    """Replace `ARRAY[a, b]::t[]` by `ARRAY[a::t, b::t]`, which is how the server reads it."""
    if node.WhichOneof("node") != "type_cast" or node.type_cast.arg.WhichOneof("node") != "a_array_expr":
        return
    cast = node.type_cast
    if not cast.type_name.array_bounds or not cast.arg.a_array_expr.elements:
        return
    array = pb.Node()
    array.CopyFrom(cast.arg)
    for element in array.a_array_expr.elements:
        _cast_element(element, cast.type_name)
    node.CopyFrom(array)


def _cast_element(element: Node, array_type: Node) -> None:
    if element.WhichOneof("node") == "a_array_expr":
        inner = array_type
    else:
        inner = pb.TypeName()
        inner.CopyFrom(array_type)
        inner.ClearField("array_bounds")
        if element.WhichOneof("node") == "type_cast" and _same_type(element.type_cast.type_name, inner):
            return
    cast = pb.Node()
    cast.type_cast.arg.CopyFrom(element)
    cast.type_cast.type_name.CopyFrom(inner)
    element.CopyFrom(cast)
    _push_cast(element)


def _same_type(one: Node, other: Node) -> bool:
    names = [[item.string.sval for item in each.names if item.string.sval != "pg_catalog"] for each in (one, other)]
    return names[0] == names[1] and list(one.typmods) == list(other.typmods) and not one.array_bounds
