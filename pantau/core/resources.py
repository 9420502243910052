"""Where the data that ships with Pantau lies: rules, templates and the demo, in a checkout and in an installed wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def data_dir(name: str) -> Path:
    """The folder ``rules``, ``templates`` or ``demo``.

    An installed wheel carries them inside the package; a checkout has them at its top level.
    """
    bundled = _PACKAGE / "_data" / name
    return bundled if bundled.is_dir() else _PACKAGE.parent / name
