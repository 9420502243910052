"""The files a night must give, byte for byte. After a wanted change: ``python -m tests.digest.golden`` and read the diff."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from pantau.core.settings import DigestSettings
from pantau.digest.build import build
from pantau.digest.edition_pages import EditionRenderer
from pantau.digest.mime import compose, message_id
from pantau.digest.model import DigestInput
from pantau.digest.period import build as build_period
from pantau.digest.period_input import PeriodInput
from pantau.digest.render import OperatorFailure, Rendered, Renderer
from tests.digest import sample, sample_period

FOLDER = Path(__file__).resolve().parent.parent / "golden" / "digest"
PERIODS: dict[str, Callable[[], PeriodInput]] = {"week": sample_period.week, "month": sample_period.month}
NIGHTS: dict[str, Callable[[], DigestInput]] = {"rich": sample.rich, "calm": sample.calm, "blind": sample.blind}


@cache
def rendered(name: str) -> Rendered:
    return Renderer().render(build(NIGHTS[name]()), DigestSettings())


def mail(page: Rendered, *, html: str | None = None, address: str = "sekda@arunika.example") -> bytes:
    return compose(
        html=page.html if html is None else html,
        text=page.text,
        subject=page.subject,
        sender=("Pantau Kabupaten Arunika", "pantau@arunika.example"),
        reader=("Sekretaris Daerah", address),
        message_id=message_id("n-20261124", address, "arunika.example"),
        date=(sample.NIGHT + timedelta(minutes=7)).astimezone(ZoneInfo("Asia/Jakarta")),
        reply_to="pantau@arunika.example",
        list_id=("Kabupaten Arunika", "pantau.arunika.example"),
        pictures=page.pictures if html is None else (),
    ).wire


FAILURE = OperatorFailure(
    office_name="Kabupaten Arunika",
    when="24 Nov 2026 pukul 23.10 WIB",
    run_id="n-20261124",
    what="surel tidak terkirim ke 2 dari 3 penerima",
    details=("sekda@arunika.example: kotak surat penuh (552)", "inspektur@arunika.example: tidak ada jawaban"),
    remedy="Periksa server surel, lalu jalankan: pantau nightly.",
)


def operator() -> bytes:
    plain = Renderer().operator_failure(FAILURE)
    return f"{plain.subject}\n\n{plain.text}".encode()


@cache
def files() -> dict[str, bytes]:
    found: dict[str, bytes] = {"operator.txt": operator()}
    for name in NIGHTS:
        page = rendered(name)
        found[f"{name}.html"] = page.html.encode()
        found[f"{name}.txt"] = page.text.encode()
        found[f"{name}-wa.txt"] = page.whatsapp.encode()
        if name == "rich":
            found[f"{name}.eml"] = mail(page)
    for name, make in PERIODS.items():
        page = EditionRenderer().period(build_period(make()), DigestSettings())
        found[f"{name}.html"] = page.html.encode()
        found[f"{name}.txt"] = page.text.encode()
    return found


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file, data in files().items():
        (FOLDER / file).write_bytes(data)
