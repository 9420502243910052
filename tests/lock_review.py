"""``make audit-deps``: the locks reviewed without a network, against ``docs/dependencies.md`` and what is installed.

    python -m tests.lock_review [--rows]

Every package is pinned with hashes and comes from nowhere but the registry, satisfies pyproject.toml, has an allowed licence, is
not in a version that a published advisory names, and has a row in the page with the version that was looked at. ``--rows`` prints
the rows that are missing or out of date, with ``?`` where a person has to look: when it was last released, why we need it.
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "dependencies.md"
LOCKS: dict[str, tuple[str, ...]] = {
    "requirements.lock": (),
    "requirements-ocr.lock": ("ocr",),
    "requirements-dev.lock": ("dev", "ocr"),
}
"""Each lock with the extras of pyproject.toml that it must satisfy."""
ALLOWED = {
    "0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "LGPL-2.0-or-later", "LGPL-2.1-only",
    "LGPL-3.0-only", "LGPL-3.0-or-later", "MIT", "MIT-0", "MIT-CMU", "MPL-1.1", "MPL-2.0", "PSF-2.0", "Zlib",
}  # fmt: skip
"""Licences under which a library may be used by a program under MIT. GPL and AGPL alone are not among them."""
_SPDX = {
    "3-clause bsd license": "BSD-3-Clause",
    "apache 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd license": "BSD",
    "gnu general public license v2 or later (gplv2+)": "GPL-2.0-or-later",
    "gnu lesser general public license v2 or later (lgplv2+)": "LGPL-2.0-or-later",
    "mit license": "MIT",
    "mozilla public license 1.1 (mpl 1.1)": "MPL-1.1",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python": "PSF-2.0",
    "python software foundation license": "PSF-2.0",
}
_NO_LICENCE = {"dual license", "osi approved", "dfsg approved", ""}
OLD_MONTHS = 36
"""A package without a release for so long needs a remark that says why it is kept."""
_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)(?:\s*;\s*([^\\]+?))?\s*\\?$")
_HASH = re.compile(r"\s+--hash=sha256:[0-9a-f]{64}\s*\\?$")
_VIA = re.compile(r"\s+#(?: via)? *(.*)$")
_ROW = re.compile(r"^\| ([a-z0-9-]+) \| ([^|]+) \| ([^|]*) \| ([^|]*) \| ([^|]*) \|$", re.M)
_ADVISORY = re.compile(r"^\| ([a-z0-9-]+) \| `([^`]+)` \| ([^|]+) \|$", re.M)
_REVIEWED = re.compile(r"^Reviewed: (\d{4})-(\d{2})\.$", re.M)


class Pin(NamedTuple):
    """One entry of a lock."""

    name: str
    version: str
    marker: str
    hashes: int
    via: tuple[str, ...]


class Row(NamedTuple):
    """One row of the page."""

    versions: str
    licence: str
    released: str
    why: str


def pins(text: str) -> tuple[list[Pin], list[str]]:
    """The entries of a lock, and the lines that must not stand in one (addresses, options, anything not pinned)."""
    found: list[Pin] = []
    odd: list[str] = []
    for line in text.splitlines():
        if pin := _PIN.match(line):
            found.append(Pin(canonicalize_name(pin[1]), pin[2], (pin[3] or "").strip(), 0, ()))
        elif _HASH.match(line) and found:
            found[-1] = found[-1]._replace(hashes=found[-1].hashes + 1)
        elif (via := _VIA.match(line)) and found:
            parents = [part.strip() for part in via[1].split(",") if part.strip() and part.strip() != "via"]
            found[-1] = found[-1]._replace(via=(*found[-1].via, *parents))
        elif line.strip():
            odd.append(line.strip())
    return found, odd


def lock_faults(name: str, text: str) -> Iterator[str]:
    """What is wrong with the lock itself."""
    found, odd = pins(text)
    for line in odd:
        yield f"{name}: not a pinned package of the registry: {line[:80]}"
    if not found:
        yield f"{name}: empty"
    seen: set[tuple[str, str]] = set()
    for pin in found:
        if not pin.hashes:
            yield f"{name}: {pin.name}=={pin.version} has no hash"
        if (pin.name, pin.marker) in seen:
            yield f"{name}: {pin.name} is pinned twice"
        seen.add((pin.name, pin.marker))


def bound_faults(name: str, held: Iterable[Pin], wanted: Iterable[Requirement]) -> Iterator[str]:
    """Requirements of pyproject.toml that a lock does not satisfy."""
    by_name: dict[str, list[Pin]] = {}
    for pin in held:
        by_name.setdefault(pin.name, []).append(pin)
    for requirement in wanted:
        found = by_name.get(canonicalize_name(requirement.name))
        if not found:
            yield f"{name}: {requirement} of pyproject.toml is missing"
        for pin in found or ():
            if not requirement.specifier.contains(pin.version, prereleases=True):
                yield f"{name}: {pin.name}=={pin.version} does not satisfy {requirement}"


def agreement_faults(locks: Mapping[str, list[Pin]]) -> Iterator[str]:
    """Packages that two locks pin to different versions."""
    versions: dict[tuple[str, str], tuple[str, str]] = {}
    for lock, held in locks.items():
        for pin in held:
            other, version = versions.setdefault((pin.name, pin.marker), (lock, pin.version))
            if version != pin.version:
                yield f"{lock}: {pin.name}=={pin.version}, but {other} has {version}"


def licence_of(found: Distribution) -> str:
    """The licence as the package's own metadata states it, in SPDX words; empty when it states none."""
    said = str(found.metadata.get("License-Expression") or "")
    if said:
        return said
    plain = str(found.metadata.get("License") or "").strip()
    if plain.lower() not in _NO_LICENCE and len(plain) <= 40 and "\n" not in plain:
        return _SPDX.get(plain.lower(), plain)
    classifiers = [str(one).rpartition("::")[2].strip() for one in found.metadata.get_all("Classifier") or []
                   if str(one).startswith("License")]  # fmt: skip
    words = [_SPDX.get(one.lower(), one) for one in classifiers if one.lower() not in _NO_LICENCE]
    return " OR ".join(words)


def is_allowed(licence: str) -> bool:
    """Whether one alternative of a licence expression consists of allowed licences alone."""
    alternatives = [part.strip(" ()").split(" AND ") for part in licence.split(" OR ")]
    return any(all(word.strip(" ()") in ALLOWED for word in words) for words in alternatives)


def rows_of(page: str) -> dict[str, Row]:
    """The table of packages."""
    return {name: Row(*(cell.strip() for cell in cells)) for name, *cells in _ROW.findall(page) if name != "package"}


def advisories_of(page: str) -> list[tuple[Requirement, str]]:
    """The versions that published advisories name, and which advisory."""
    return [(Requirement(f"{name}{versions}"), what.strip()) for name, versions, what in _ADVISORY.findall(page)]


def advisory_faults(held: Iterable[Pin], page: str) -> Iterator[str]:
    """Packages in a version that an advisory names."""
    for pin in held:
        for bad, what in advisories_of(page):
            if canonicalize_name(bad.name) == pin.name and bad.specifier.contains(pin.version, prereleases=True):
                yield f"{pin.name}=={pin.version} is named by {what}"


def versions_of(held: Iterable[Pin]) -> dict[str, str]:
    """The versions of each package, joined where the interpreter decides."""
    found: dict[str, set[str]] = {}
    for pin in held:
        found.setdefault(pin.name, set()).add(pin.version)
    return {name: ", ".join(sorted(versions, key=Version)) for name, versions in sorted(found.items())}


def page_faults(held: list[Pin], page: str, installed: Mapping[str, Distribution]) -> Iterator[str]:
    """Where the page does not say what the locks hold, or says it of something that may not be used."""
    rows, locked, reviewed = rows_of(page), versions_of(held), _REVIEWED.search(page)
    if reviewed is None:
        yield "docs/dependencies.md: no line «Reviewed: YYYY-MM.»"
    for name in sorted(rows.keys() - locked.keys()):
        yield f"docs/dependencies.md: {name} is in no lock any more"
    for name, versions in locked.items():
        row = rows.get(name)
        if row is None or row.versions != versions:
            yield f"docs/dependencies.md: {name} {versions} was not looked at (make audit-deps ROWS=1 prints its row)"
            continue
        if name in installed and (licence := licence_of(installed[name])) != row.licence:
            yield f"docs/dependencies.md: {name} states {licence or 'no licence'}, the page says {row.licence}"
        if not is_allowed(row.licence):
            yield f"{name}: licence {row.licence} is not among the allowed ones"
        released = re.fullmatch(r"(\d{4})-(\d{2})", row.released)
        if released is None or not row.why or "?" in row.why:
            yield f"docs/dependencies.md: {name}: say when it was last released and why it is needed"
        elif reviewed and _months(reviewed) - _months(released) > OLD_MONTHS and "Old:" not in row.why:
            yield f"docs/dependencies.md: {name}: no release since {row.released}; say «Old: why it is kept»"


def _months(found: "re.Match[str]") -> int:
    return 12 * int(found[1]) + int(found[2])


def requirements(extras: Iterable[str]) -> list[Requirement]:
    """What pyproject.toml wants, with some extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = [*project["dependencies"], *(one for extra in extras for one in project["optional-dependencies"][extra])]
    return [Requirement(one) for one in named]


def read_locks() -> dict[str, list[Pin]]:
    """The entries of all locks."""
    return {name: pins((ROOT / name).read_text("utf-8"))[0] for name in LOCKS}


def installed_here() -> dict[str, Distribution]:
    """What this interpreter can import."""
    return {canonicalize_name(str(one.metadata["Name"])): one for one in distributions()}


def review() -> list[str]:
    """Everything that is wrong; empty when nothing is."""
    locks, page = read_locks(), PAGE.read_text("utf-8")
    held = [pin for found in locks.values() for pin in found]
    faults = [fault for name in LOCKS for fault in lock_faults(name, (ROOT / name).read_text("utf-8"))]
    for name, extras in LOCKS.items():
        faults += bound_faults(name, locks[name], requirements(extras))
    faults += agreement_faults(locks)
    faults += advisory_faults(held, page)
    faults += page_faults(held, page, installed_here())
    return list(dict.fromkeys(faults))


def new_rows() -> Iterator[str]:
    """Rows to be pasted into the page, ``?`` where a person has to look."""
    locks, installed, rows = read_locks(), installed_here(), rows_of(PAGE.read_text("utf-8"))
    held = [pin for found in locks.values() for pin in found]
    parents: dict[str, set[str]] = {}
    for pin in held:
        parents.setdefault(pin.name, set()).update(
            re.sub(r" \(.*", "", one) for one in pin.via if not one.startswith("-c ")
        )
    for name, versions in versions_of(held).items():
        row = rows.get(name)
        if row is None or row.versions != versions:
            licence = licence_of(installed[name]) if name in installed else row.licence if row else "?"
            through = ", ".join(sorted(parents[name] - {"pantau"}))
            why = row.why if row else "?" if "pantau" in parents[name] else f"through {through}"
            yield f"| {name} | {versions} | {licence} | ? | {why} |"


def main() -> int:
    """Print the faults, or one line that there are none."""
    parser = argparse.ArgumentParser(prog="python -m tests.lock_review")
    parser.add_argument("--rows", action="store_true", help="print the rows that docs/dependencies.md lacks")
    if parser.parse_args().rows:
        print("\n".join(new_rows()))
        return 0
    faults = review()
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        locks, page = read_locks(), PAGE.read_text("utf-8")
        names = {pin.name for found in locks.values() for pin in found}
        print(f"locks: {len(names)} packages in {len(locks)} locks, {len(advisories_of(page))} advisories, no fault")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
