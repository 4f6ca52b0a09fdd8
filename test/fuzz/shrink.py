"""Makes a failing program smaller while it keeps failing.

Takes a program's text and a predicate; leaves the smallest text found for which the predicate holds.
Candidates come from the syntax tree, so each is valid Python: without some statements, with a compound
statement's body in its place, with an expression's part for the whole, without a bound of a slice.
"""

import ast
import copy


def blocks(tree):
    """(node, field) of every list of statements, outer ones first."""
    for node in ast.walk(tree):
        for field in ("body", "orelse"):
            statements = getattr(node, field, None)
            if isinstance(statements, list) and statements and isinstance(statements[0], ast.stmt):
                yield node, field


def without_statements(tree):
    """Edits that drop statements: long runs of them first."""
    for node, field in blocks(tree):
        statements = getattr(node, field)
        size = len(statements)
        while size:
            for start in reversed(range(0, len(statements), size)):
                rest = statements[:start] + statements[start + size :]
                if not rest and field == "body" and not isinstance(node, ast.Module):
                    rest = [ast.Pass()]
                if not isinstance(statements[0], ast.Pass) or len(statements) > 1:
                    yield node, field, rest
            size //= 2


def with_bodies(tree):
    """Edits that put a compound statement's body in its place."""
    for node, field in blocks(tree):
        statements = getattr(node, field)
        for position, statement in enumerate(statements):
            if isinstance(statement, (ast.If, ast.For, ast.While)):
                for body in (statement.body, statement.orelse):
                    yield node, field, statements[:position] + body + statements[position + 1 :]


def parts(expression):
    """What may stand for an expression."""
    if isinstance(expression, ast.BinOp):
        return [expression.left, expression.right]
    if isinstance(expression, ast.BoolOp):
        return expression.values
    if isinstance(expression, ast.UnaryOp):
        return [expression.operand]
    if isinstance(expression, ast.IfExp):
        return [expression.body, expression.orelse]
    if isinstance(expression, ast.Compare):
        return [ast.Constant(True), ast.Constant(False)]
    if isinstance(expression, ast.Call):
        inner = [expression.func.value] if isinstance(expression.func, ast.Attribute) else []
        return [part for part in inner if not isinstance(part, ast.Name)] + expression.args
    if isinstance(expression, ast.Subscript) and isinstance(expression.ctx, ast.Load):
        return [expression.value]
    return []


def with_parts(tree):
    """Edits that simplify one expression."""
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            if isinstance(node, ast.Slice) and value is not None:
                yield node, field, None
            for position, item in enumerate(value if isinstance(value, list) else [value]):
                if not isinstance(item, ast.expr):
                    continue
                for part in parts(item):
                    if isinstance(value, list):
                        yield node, field, value[:position] + [part] + value[position + 1 :]
                    else:
                        yield node, field, part
            if isinstance(node, ast.Call) and field == "args" and len(value) > 1:
                for position in range(len(value)):
                    yield node, field, value[:position] + value[position + 1 :]


def edited(tree, edits, number):
    """The text after edit `number`, or None if there are fewer edits or the result is no program."""
    for count, (node, field, value) in enumerate(edits(tree)):
        if count == number:
            original = getattr(node, field)
            setattr(node, field, value)
            result = copy.deepcopy(tree)
            setattr(node, field, original)
            return ast.unparse(ast.fix_missing_locations(result)) + "\n"
    return None


def shrink(text, still_fails, attempts=400):
    """The smallest text found, in the form of ast.unparse, with at most so many calls of the predicate."""
    best = ast.unparse(ast.parse(text)) + "\n"
    if not still_fails(best):
        return text
    progress = True
    while progress:
        progress = False
        for edits in (without_statements, with_bodies, with_parts):
            number = 0
            while attempts > 0:
                candidate = edited(ast.parse(best), edits, number)
                if candidate is None:
                    break
                attempts -= 1
                if len(candidate) < len(best) and still_fails(candidate):
                    best, progress = candidate, True
                else:
                    number += 1
    return best
