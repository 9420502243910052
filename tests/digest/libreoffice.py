"""Documents as LibreOffice prints them. Not every machine has it: see ``MISSING``."""

import shutil
import subprocess
from pathlib import Path

import pytest

MISSING = pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")


def printed_pages(folder: Path, name: str, document: bytes) -> int:
    """How many pages ``document`` has when LibreOffice makes a PDF of it in ``folder``."""
    path = folder / name
    path.write_bytes(document)
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return path.with_suffix(".pdf").read_bytes().count(b"/Type/Page/")
