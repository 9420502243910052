"""Drafts of official letters (nota dinas) as DOCX: a request for clarification, and thanks for good work.

Nothing is judged here: the words come from the finding, masked as in the digest, and the deadline is left to the office.
"""

import io
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import DictLoader, StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from pantau.core.errors import PantauError
from pantau.core.model import (
    USEFUL_CATEGORIES,
    Account,
    Category,
    Finding,
    Observation,
    Post,
    Run,
    Unit,
)
from pantau.core.settings import Office
from pantau.digest import build_posts, build_tables, clean, words
from pantau.digest.context import Context
from pantau.digest.memo_forms import steady
from pantau.digest.model import DigestInput
from pantau.digest.printable import MISTAKES, Letterhead

EXAMPLES = 3
_EXAMPLE_CHARS = 220
_EXAMPLE_LEAST_CHARS = 40
_BEST_FIRST: tuple[Category, ...] = ("kinerja", "layanan", "edukasi")
_EMBLEM_MM = 22
_BLANK = "." * 40
_HEADS = {
    "kecamatan": ("Camat", "Kecamatan "),
    "kelurahan": ("Lurah", "Kelurahan "),
    "desa": ("Kepala Desa", "Desa "),
    "rsud": ("Direktur", ""),
    "bumd": ("Direktur", ""),
    "pejabat": ("", ""),
}


class MemoError(PantauError):
    """A letter cannot be drafted. The message says why and what to do."""


class MemoInput(msgspec.Struct, frozen=True, kw_only=True):
    """One finding with everything that the letter says about it."""

    finding: Finding
    run: Run
    office: Office
    units: tuple[Unit, ...]
    accounts: tuple[Account, ...]
    post: Post | None = None
    answer: str = ""
    """The unit's own words, when it gave any."""


class ThanksInput(msgspec.Struct, frozen=True, kw_only=True):
    """A unit's posts of some days, all of them, with their categories."""

    unit: Unit
    run: Run
    office: Office
    units: tuple[Unit, ...]
    accounts: tuple[Account, ...]
    first: date
    last: date
    posts: tuple[Post, ...]
    categories: Mapping[str, Category]
    flagged: frozenset[str] = frozenset()
    """Keys of posts with a finding: never an example."""


def memo(data: MemoInput, head: Letterhead, template: Path) -> bytes:
    """The draft about one finding. Raises ``MemoError`` when the template cannot be used."""
    finding = data.finding
    seen = (Observation(account=finding.account, unit=finding.unit, state="active"),) if finding.account else ()
    ctx = Context(
        DigestInput(
            run=data.run,
            office=data.office,
            units=data.units,
            accounts=data.accounts,
            observations=seen,
            findings=(finding,),
            posts={data.post.key: data.post} if data.post else {},
            answers={finding.key: data.answer},
        )
    )
    row = build_tables.tables(ctx).findings[0]
    cards = [card for block in build_posts.cards(ctx) for card in block.cards]
    excerpts = cards[0].excerpts if cards else ()
    unit = ctx.units.get(finding.unit)
    values = {
        "kepada": addressee(unit) if unit else f"Kepala {row.unit}",
        "akun": row.account or "-",
        "waktu": ctx.moment(data.post.published_at) if data.post else "-",
        "alamat_unggahan": row.url or "-",
        "uraian": row.message,
        "kutipan": row.quote or "-",
        "rincian": row.details,
        "dasar": row.basis or "-",
        "kode": row.key,
        "aturan": row.rule,
        "tingkat": row.level,
        "status": row.state,
        "petikan": [
            {"label": item.label, "teks": "".join(piece.text for piece in item.pieces).strip()} for item in excerpts
        ],
        "jawaban": row.answer,
    }
    return _filled(template, values | _head_values(head, data.office), head)


def thanks(data: ThanksInput, head: Letterhead, template: Path) -> bytes:
    """The letter of thanks. Raises ``MemoError`` when there is nothing to thank for or the template cannot be used."""
    ctx = Context(DigestInput(run=data.run, office=data.office, units=data.units, accounts=data.accounts))
    useful = [post for post in data.posts if data.categories.get(post.key) in USEFUL_CATEGORIES]
    useful = [post for post in useful if post.key not in data.flagged]
    masa = f"{words.day_short(data.first)} s.d. {words.day_short(data.last)}"
    if not useful:
        raise MemoError(
            f"{ctx.unit_name(data.unit.code)}: tidak ada unggahan yang bermanfaat langsung bagi warga pada {masa} "
            f"({len(data.posts)} unggahan dibaca). Pilih masa lain dengan --from dan --to."
        )
    tally = Counter(data.categories[post.key] for post in useful)
    values = {
        "kepada": addressee(data.unit),
        "unit": ctx.unit_name(data.unit.code),
        "masa": masa,
        "jumlah": words.number(len(useful)),
        "jumlah_semua": words.number(len(data.posts)),
        "rincian": words.listed(
            [
                f"{words.number(tally[kind])} {words.CATEGORY_LABELS[kind].lower()}"
                for kind in _BEST_FIRST
                if tally[kind]
            ]
        ),
        "contoh_unggahan": [
            _example(ctx, post, data.categories[post.key]) for post in _examples(useful, data.categories)
        ],
    }
    return _filled(template, values | _head_values(head, data.office), head)


def addressee(unit: Unit) -> str:
    """Who heads the unit: ``Camat Lorembulan``, ``Kepala Dinas Kesehatan``; with the name when the register has it."""
    title, prefix = _HEADS.get(unit.kind, ("Kepala", ""))
    name = clean.line(unit.name, 120).removeprefix(prefix)
    office = name if not title or name.casefold().startswith(title.casefold()) else f"{title} {name}"
    return f"{office} ({clean.line(unit.head_name, 80)})" if unit.head_name.strip() else office


def _examples(useful: Sequence[Post], categories: Mapping[str, Category]) -> list[Post]:
    """Two or three that show most, results before services before lessons, no text twice."""
    ranked = sorted(
        useful,
        key=lambda post: (
            _BEST_FIRST.index(categories[post.key]),
            -min(len(post.text), 400) // 100,
            post.published_at,
            post.key,
        ),
    )
    chosen: dict[str, Post] = {}
    for post in ranked:
        text = clean.line(post.text, _EXAMPLE_CHARS)
        if len(text) >= _EXAMPLE_LEAST_CHARS:
            chosen.setdefault(text, post)
    return list(chosen.values())[:EXAMPLES] or ranked[:EXAMPLES]


def _example(ctx: Context, post: Post, category: Category) -> dict[str, str]:
    return {
        "teks": clean.quoted(post.text or post.image_text, _EXAMPLE_CHARS),
        "jenis": words.CATEGORY_LABELS[category].lower(),
        "akun": ctx.account_name(ctx.resolve(post.account)),
        "waktu": words.day_short(post.published_at.astimezone(ctx.zone).date()),
        "alamat": clean.url(post.url) or "-",
    }


def _head_values(head: Letterhead, office: Office) -> dict[str, object]:
    return {
        "daerah": clean.line(office.name),
        "kop": list(head.lines),
        "alamat": head.address,
        "kontak": head.reach,
        "pengirim": head.title or clean.line(office.department) or clean.line(office.name),
        "ttd_tempat": head.place or _BLANK[:20],
        "ttd_jabatan": head.title or _BLANK,
        "ttd_nama": head.name or _BLANK,
        "ttd_pangkat": head.rank,
        "ttd_nip": head.nip or _BLANK,
    }


def _filled(template: Path, values: Mapping[str, object], head: Letterhead) -> bytes:
    """The template with its places filled in. Values are text and stay text, whatever they look like."""
    from docx.opc.exceptions import PackageNotFoundError
    from docx.shared import Mm
    from docxtpl import DocxTemplate, InlineImage
    from lxml.etree import XMLSyntaxError

    environment = SandboxedEnvironment(autoescape=True, undefined=StrictUndefined, loader=DictLoader({}))
    buffer = io.BytesIO()
    try:
        paper = DocxTemplate(io.BytesIO(template.read_bytes()))
        paper.init_docx()
        image: Any = InlineImage(paper, io.BytesIO(head.emblem), height=Mm(_EMBLEM_MM)) if head.emblem else ""
        paper.render({**values, "lambang": image}, jinja_env=environment)
        paper.save(buffer)
    except (TemplateError, PackageNotFoundError, zipfile.BadZipFile, XMLSyntaxError, OSError, *MISTAKES) as error:
        raise MemoError(
            f"{template}: templat nota dinas tidak dapat dipakai ({clean.line(str(error), 160)}). "
            "Perbaiki isian {{ ... }} di dalamnya, atau pindahkan berkas itu agar bawaan Pantau dipakai."
        ) from error
    return steady(buffer.getvalue())
