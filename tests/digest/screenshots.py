"""Developer's tool: renders the sample digests in Chromium and writes PNGs to look at. Not a test.

Usage: python -m tests.digest.screenshots OUTDIR [sample]
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from pantau.core.settings import DigestSettings
from pantau.digest.build import build
from pantau.digest.render import Renderer
from tests.digest import sample
from tests.digest.browser import CHROMIUM, QUIET


def shoot(page: Path, picture: Path, width: int, height: int, *extra: str) -> None:
    """One screenshot of a page shown in a frame ``width`` px wide (headless windows cannot be narrower than about 500 px)."""
    frame = page.with_name(f"frame-{picture.stem}.html")
    frame.write_text(
        f'<body style="margin:0"><iframe src="{page.name}" width="{width}" height="{height}" style="border:0"></iframe>',
        "utf-8",
    )
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                CHROMIUM,
                "--headless",
                *QUIET,
                *extra,
                f"--user-data-dir={profile}",
                f"--window-size={max(width, 500)},{height}",
                f"--screenshot={picture}",
                frame.resolve().as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )


def main() -> None:
    """Writes the page and its pictures."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    name = sys.argv[2] if len(sys.argv) > 2 else "rich"
    rendered = Renderer().render(build(getattr(sample, name)()), DigestSettings())
    html = rendered.page
    pages = {
        "plain": html,
        "no-pictures": rendered.html,
        "bare": re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL),
        "dark": html.replace("(prefers-color-scheme:dark)", "all").replace("(prefers-color-scheme: dark)", "all"),
    }
    for kind, text in pages.items():
        (out / f"{name}-{kind}.html").write_text(text, "utf-8")
    (out / f"{name}.txt").write_text(rendered.text, "utf-8")
    (out / f"{name}-wa.txt").write_text(rendered.whatsapp, "utf-8")
    tall = int(sys.argv[3]) if len(sys.argv) > 3 else 7500
    for kind, width in (
        ("plain", 640),
        ("plain", 360),
        ("no-pictures", 360),
        ("bare", 360),
        ("bare", 320),
        ("dark", 640),
        ("dark", 360),
    ):
        shoot(
            out / f"{name}-{kind}.html", out / f"{name}-{kind}-{width}.png", width, tall if width > 500 else tall + 3500
        )


if __name__ == "__main__":
    main()
