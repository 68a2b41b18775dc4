"""Small conditions in rules: `status >= 500 and not run.active`.

Names (with dots), numbers, texts, comparisons, `in`, `and`, `or`, `not`. Nothing is called and
nothing is looked up but in the mapping given; a name that is not there is None, and a comparison
with it is false.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

LONGEST = 500
"""Characters of an expression; what is longer is a program, and no condition."""

_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {  # Any: values of labels
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}  # fmt: skip


class BadExpression(ValueError):
    """An expression that cannot be understood; the text says why."""


def check(text: str) -> None:
    """Raise BadExpression for what is no condition."""
    _parsed(text)


def names(text: str) -> frozenset[str]:
    """The names that occur in a condition."""
    return frozenset(_names(_parsed(text)))


def holds(text: str, values: Mapping[str, Any]) -> bool:  # Any: values of labels or JSON
    """Whether the condition holds; an empty one does."""
    return not text or bool(_value(_parsed(text), values))


@lru_cache(maxsize=512)
def _parsed(text: str) -> ast.expr:
    if len(text) > LONGEST:
        raise BadExpression(f"it is longer than {LONGEST} characters")
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        said = error.msg if isinstance(error, SyntaxError) else str(error)
        raise BadExpression(said or "it is no condition") from None
    _require_known(tree)
    return tree


def _require_known(node: ast.expr) -> None:
    match node:
        case ast.BoolOp(values=values) | ast.Tuple(elts=values) | ast.List(elts=values):
            for value in values:
                _require_known(value)
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            _require_known(operand)
        case ast.Compare(left=left, ops=ops, comparators=others):
            if unknown := [op for op in ops if type(op) not in _COMPARE]:
                raise BadExpression(f"`{type(unknown[0]).__name__}` is no comparison here")
            for value in (left, *others):
                _require_known(value)
        case ast.Constant(value=str() | int() | float() | None):
            return
        case ast.Name() | ast.Attribute():
            _dotted(node)
        case _:
            raise BadExpression(f"`{ast.unparse(node)[:40]}` is more than a condition")


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    raise BadExpression(f"`{ast.unparse(node)[:40]}` is no name")


def _names(node: ast.expr) -> set[str]:
    if isinstance(node, ast.Name | ast.Attribute):
        return {_dotted(node)}
    return {
        name
        for child in ast.iter_child_nodes(node)
        if isinstance(child, ast.expr)
        for name in _names(child)
    }


def _value(node: ast.expr, values: Mapping[str, Any]) -> Any:  # Any: as in holds
    match node:
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(_value(part, values) for part in parts)
        case ast.BoolOp(values=parts):
            return any(_value(part, values) for part in parts)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand, values)
        case ast.UnaryOp(operand=operand):
            found = _value(operand, values)
            return -found if isinstance(found, int | float) else None
        case ast.Compare(left=left, ops=ops, comparators=others):
            return _compared(_value(left, values), ops, [_value(one, values) for one in others])
        case ast.Constant(value=constant):
            return constant
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return tuple(_value(element, values) for element in elements)
    return values.get(_dotted(node))


def _compared(left: Any, ops: list[ast.cmpop], others: list[Any]) -> bool:  # Any: as in holds
    for op, right in zip(ops, others, strict=True):
        try:
            if not _COMPARE[type(op)](left, right):
                return False
        except TypeError:
            return False
        left = right
    return True
