"""The layout of the design, enforced: who may import whom, how long a module may be, what may be swallowed."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STAGES = ("pantau.accounts", "collectors", "pantau.store", "pantau.checks", "pantau.digest", "pantau.delivery")
OWNERS = {
    "tweepy": {"collectors"},
    "instaloader": {"collectors"},
    "httpx": {"collectors", "jobs"},
    "feedparser": {"collectors"},
    "sqlalchemy": {"pantau.store"},
    "alembic": {"pantau.store"},
    "psycopg": {"pantau.store"},
    "sqlite3": {"pantau.store"},
    "ahocorasick_rs": {"pantau.checks"},
    "hyperscan": {"pantau.checks"},
    "numpy": {"pantau.checks"},
    "openpyxl": {"pantau.accounts"},
    "holidays": {"pantau.accounts"},
    "jinja2": {"pantau.digest"},
    "css_inline": {"pantau.digest"},
    "docx": {"pantau.digest"},
    "docxtpl": {"pantau.digest"},
    "weasyprint": {"pantau.digest"},
    "xlsxwriter": {"pantau.digest"},
    "yagmail": {"pantau.delivery"},
    "imap_tools": {"pantau.delivery"},
    "schedule": {"jobs"},
    "click": {"jobs"},
    "rich": {"jobs"},
    "filelock": {"jobs"},
    "distributed": {"jobs"},
}
SOURCES = sorted(path for top in ("jobs", "collectors", "pantau") for path in (ROOT / top).rglob("*.py"))


def _package(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:2]) if parts[0] == "pantau" and len(parts) > 2 else parts[0]


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _belongs(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_stage_imports_only_core(path: Path) -> None:
    package = _package(path)
    if package == "jobs":
        return
    forbidden = {"jobs", "tests", *STAGES} - {package}
    wrong = {name for name in _imports(path) if any(_belongs(name, other) for other in forbidden)}
    assert not wrong, f"{path} imports {wrong}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_library_is_used_only_by_the_stage_that_owns_it(path: Path) -> None:
    package = _package(path)
    tops = {name.split(".")[0] for name in _imports(path)}
    wrong = {lib for lib, owners in OWNERS.items() if lib in tops and package not in owners}
    assert not wrong, f"{path} ({package}) imports {wrong}"
    assert "smtplib" not in tops


def test_core_needs_only_the_standard_library_and_msgspec() -> None:
    import sys

    allowed = set(sys.stdlib_module_names) | {"msgspec", "pantau"}
    for path in (ROOT / "pantau" / "core").glob("*.py"):
        tops = {name.split(".")[0] for name in _imports(path)}
        assert tops <= allowed, f"{path}: {tops - allowed}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_fits_on_a_few_screens_and_a_function_on_one(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 400, f"{path} is too long"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= 60, f"{path}:{node.lineno} {node.name} has {length} lines"


def test_broad_excepts_are_few_and_each_says_why() -> None:
    found = []
    for path in SOURCES:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if line.strip().startswith(("except Exception", "except BaseException", "except:")):
                assert "# " in line, f"{path}:{number} does not say why everything is caught"
                found.append(str(path.relative_to(ROOT)))
    assert sorted(found) == [
        "collectors/base.py",  # per account
        "jobs/__main__.py",
        "jobs/collecting.py",  # per platform
        "jobs/offices.py",  # per office
        "pantau/checks/judge.py",  # per rule
        "pantau/checks/ocr.py",  # per picture
        "pantau/checks/picture_file.py",
        "pantau/digest/typesetter.py",  # per document
    ]


def test_only_wiring_constructs_collectors_store_and_courier() -> None:
    for path in (ROOT / "jobs").rglob("*.py"):
        if path.name == "wiring.py":
            continue
        wrong = {
            name for name in _imports(path) if _belongs(name, "collectors") and not _belongs(name, "collectors.base")
        }
        wrong |= {name for name in _imports(path) if _belongs(name, "pantau.delivery.courier")}
        assert not wrong, f"{path} imports {wrong}; let jobs/wiring.py build it"


def test_the_wheel_carries_rules_templates_and_demo() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert set(included) == {"rules", "templates", "demo"}
    assert all((ROOT / name).is_dir() for name in included)
