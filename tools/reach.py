"""What a script's result depends on in the package: the definitions that it uses, directly or through others.

By definition and not by module, so that a new problem or model does not make every experiment stale.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "lstm_guide"
WHOLE = "*"  # a module used in a way that does not tell which of its definitions


def reached(source: Path, root: Path) -> dict[Path, str]:
    """Map the source, and each file of the package that it uses, to the text that its result depends on."""
    folder = root / "src" / PACKAGE
    texts = {source: source.read_text(encoding="utf-8")}
    modules, needed, queue = {}, {}, list(_uses(ast.parse(texts[source]), folder, PACKAGE))
    while queue:
        path, name = queue.pop()
        if path not in modules:
            modules[path] = Module(path)
        module = modules[path]
        names = module.definitions.keys() if name == WHOLE else {name} & module.definitions.keys()
        fresh = {*names, *module.always} - needed.setdefault(path, set())
        needed[path] |= fresh
        for node in (module.definitions.get(name) or module.always[name] for name in fresh):
            queue += [(path, word.id) for word in ast.walk(node) if isinstance(word, ast.Name)]
            queue += _uses(ast.Module([*module.imports, node], []), folder, PACKAGE)
    return texts | {path: modules[path].text(names) for path, names in needed.items()}


class Module:
    """A file of the package, taken apart into its imports, its definitions and what runs in any case."""

    def __init__(self, path: Path) -> None:
        self.lines = path.read_text(encoding="utf-8").splitlines()
        tree = ast.parse("\n".join(self.lines))
        self.imports, self.definitions, self.always = [], {}, {}
        for node in tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self.imports.append(node)
            if names := list(_defined(node)):
                # a name that is bound twice depends on both
                for name in names:
                    body = [*getattr(self.definitions.get(name), "body", []), node]
                    self.definitions[name] = ast.Module(body, [])
            elif not _is_docstring(node):
                self.always[f"line {node.lineno}"] = ast.Module([node], [])

    def text(self, names: set[str]) -> str:
        """The lines of these definitions in the order of the file, without docstrings."""
        nodes = {node for name in names for node in (self.definitions.get(name) or self.always[name]).body}
        kept = set()
        for node in nodes:
            first = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", []))])
            kept |= set(range(first, node.end_lineno + 1))
            for part in ast.walk(node):
                if isinstance(part, ast.FunctionDef | ast.ClassDef) and _is_docstring(part.body[0]):
                    kept -= set(range(part.body[0].lineno, part.body[0].end_lineno + 1))
        return "\n".join(self.lines[number - 1] for number in sorted(kept))


def imports(path: Path) -> set[str]:
    """List the modules that a file imports anywhere, in full."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from lstm_guide import prepare` names a module, `from scipy import stats` may
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _uses(tree: ast.AST, folder: Path, package: str) -> Iterator[tuple[Path, str]]:
    """List (file of the package, name in it) for what the code uses; the name is WHOLE where that cannot be told."""
    local = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == package:
            for alias in node.names:
                inner = ".".join([*node.module.split(".")[1:], alias.name])
                path = folder / f"{inner}.py"
                if path.is_file():
                    local[alias.asname or alias.name] = path
                else:
                    yield folder / f"{inner.rpartition('.')[0] or '__init__'}.py", alias.name
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == package:
                    yield folder / f"{alias.name.partition('.')[2] or '__init__'}.py", WHOLE
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    known = {id(node.value) for node in attributes}
    for node in attributes:
        if isinstance(node.value, ast.Name) and node.value.id in local:
            yield local[node.value.id], node.attr
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in local and id(node) not in known:
            yield local[node.id], WHOLE


def _defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (word.id for target in targets for word in ast.walk(target) if isinstance(word, ast.Name))


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
