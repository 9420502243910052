"""Templates of the archive to files."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pantau.core.resources import data_dir
from pantau.core.settings import Office
from pantau.digest import clean
from pantau.digest.archive_site import Tree
from pantau.digest.render import compact


class Pages:
    """Renders with everything escaped; a name that a template misses is an error, not a blank."""

    def __init__(self, tree: Tree, office: Office, templates: Path | None = None) -> None:
        self._tree = tree
        self._folder = (templates or data_dir("templates")) / "archive"
        self._environment = Environment(
            loader=FileSystemLoader(str(self._folder), encoding="utf-8"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["office"] = clean.line(office.name)
        self._environment.globals["contact"] = clean.line(office.contact)

    def write(self, name: str, template: str, **values: Any) -> None:
        """One page; links in it start with ``root``, the way up to the start page."""
        root = "../" * name.count("/")
        page = self._environment.get_template(f"{template}.html.j2").render(root=root, **values)
        self._tree.write(name, compact(page).encode())

    def file(self, name: str, data: bytes) -> None:
        """A file as it is."""
        self._tree.write(name, data)

    def static(self, *names: str) -> None:
        """Files that lie beside the templates."""
        for name in names:
            self._tree.write(name, (self._folder / name).read_bytes())
