"""What many small nights in one process share, so that each costs its own work only."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from pantau.checks import engine
from pantau.checks.catalogue import Catalogue
from pantau.checks.compile import Compiled, compile_catalogue

_KEPT = 3


@pytest.fixture(autouse=True, scope="session")
def equal_rules_are_compiled_once() -> Iterator[None]:
    """A night compiles its rules and forgets them, which is most of its work here: those of equal catalogues are kept meanwhile.

    Nothing changes a compiled catalogue; the key is all that goes into one: the rules that are in season, not the day itself.
    """
    kept: dict[tuple[bytes, str, Path | None], Compiled] = {}

    def compiled(catalogue: Catalogue, engine: engine.Engine = "auto", cache_dir: Path | None = None) -> Compiled:
        chosen = tuple(rule for rule in catalogue.rules if rule.in_season(catalogue.on))
        key = (msgspec.json.encode((chosen, catalogue.lists, catalogue.slang)), engine, cache_dir)
        found = kept[key] = kept.pop(key, None) or compile_catalogue(catalogue, engine, cache_dir)
        while len(kept) > _KEPT:
            del kept[next(iter(kept))]
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "compile_catalogue", compiled)
        yield
