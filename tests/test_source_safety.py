"""The source itself: nothing that runs what came from outside, and no secret among a child's arguments."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(path for top in ("jobs", "collectors", "pantau", "rules") for path in (ROOT / top).rglob("*.py"))
BARRED_MODULES = {"marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml", "ruamel", "code", "codeop", "telnetlib"}
BARRED_NAMES = {"eval", "exec", "compile", "__import__"}
BARRED_CALLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}
SESSION_IMPORT = ROOT / "collectors" / "instagram_cookies.py"
"""Reads session files of instaloader, which are pickles, with a reader that refuses every class."""


def faults(tree: ast.AST) -> list[str]:
    """What the source must not hold, with its line."""
    found = []
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Import):
            found += [f"{line} {name.name}" for name in node.names if _is_barred(name.name)]
        elif isinstance(node, ast.ImportFrom) and _is_barred(node.module or ""):
            found.append(f"{line} {node.module}")
        elif isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Name) and function.id in BARRED_NAMES:
                found.append(f"{line} {function.id}()")
            if isinstance(function, ast.Attribute) and ast.unparse(function) in BARRED_CALLS:
                found.append(f"{line} {ast.unparse(function)}()")
            for word in node.keywords:
                if word.arg in ("shell", "allow_pickle") and not _is_false(word.value):
                    found.append(f"{line} {word.arg}")
                if word.arg == "verify" and _is_false(word.value):
                    found.append(f"{line} verify=False")
    return found


def _is_barred(module: str) -> bool:
    return module.split(".")[0] in BARRED_MODULES | {"pickle"}


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from yaml import load",
        "eval(text)",
        "exec(text)",
        "os.system(text)",
        "subprocess.run(text, shell=True)",
        "np.load(path, allow_pickle=True)",
        "httpx.Client(verify=False)",
    ],
)
def test_the_search_finds_what_it_looks_for(line: str) -> None:
    assert faults(ast.parse(line))


def test_nothing_from_outside_is_ever_run() -> None:
    found = {
        str(path.relative_to(ROOT)): wrong for path in SOURCES if (wrong := faults(ast.parse(path.read_text("utf-8"))))
    }
    allowed = str(SESSION_IMPORT.relative_to(ROOT))
    assert [line.split(" ", 1)[1] for line in found.pop(allowed)] == ["pickle"]
    assert not found
