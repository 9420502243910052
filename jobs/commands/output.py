"""Reports to stdout or to the file of ``--output``."""

import sys
from pathlib import Path

import click


def emit(data: bytes | str, output: Path | None) -> None:
    """A report to ``--output`` or stdout, byte for byte."""
    raw = data.encode() if isinstance(data, str) else data
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(raw)
    else:
        sys.stdout.buffer.write(raw)
        sys.stdout.buffer.flush()


output_option = click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="write the report to this file  [default: stdout]"
)
