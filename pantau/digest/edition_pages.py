"""Pages of the editions beside the staff digest."""

from typing import Any

import msgspec

from pantau.core.settings import DigestSettings
from pantau.digest import budget, charts, period_budget
from pantau.digest.editions import RegentEdition, UnitEdition
from pantau.digest.model import Digest
from pantau.digest.period_model import WORKBOOK, PeriodEdition
from pantau.digest.render import Rendered, Renderer, compact, tidy

WORKBOOK_POINTER = "Daftar lengkap ada di lampiran XLSX."
"""Stands on a unit's page wherever something was left out; its mail then carries the unit's own workbook."""


class EditionRenderer(Renderer):
    """The other editions as subject, HTML, text and pictures."""

    def regent(self, page: RegentEdition) -> Rendered:
        """The Regent's screen."""
        html = self._page("regent", page)
        text = self._twin("regent", page)
        return Rendered(subject=page.subject, html=html, text=text, whatsapp="", html_bytes=budget.encoded_bytes(html))

    def unit(self, page: UnitEdition, settings: DigestSettings) -> Rendered:
        """A unit's part, cut to the size of a mail like the staff digest."""
        text = self._twin("unit", page, pointer=WORKBOOK_POINTER)
        digest = budget.within_mail(page.digest, budget.encoded_bytes(text) + settings.budget_kb * 1024)

        def draw(shown: Digest) -> str:
            return self._page("unit", msgspec.structs.replace(page, digest=shown), pointer=WORKBOOK_POINTER)

        shown, html = budget.fit(digest, max_findings=settings.max_findings, budget_kb=settings.budget_kb, draw=draw)
        cards = (*shown.flags.cards, *shown.reviews.cards)
        return Rendered(
            subject=page.subject,
            html=html,
            text=text,
            whatsapp="",
            pictures=tuple({card.picture.cid: card.picture for card in cards if card.picture}.values()),
            hidden_findings=shown.flags.hidden + shown.reviews.hidden,
            html_bytes=budget.encoded_bytes(html),
        )

    def period(self, edition: PeriodEdition, settings: DigestSettings) -> Rendered:
        """The weekly or monthly edition; the text holds what the page has no room for, unless a workbook comes along."""
        pictures = tuple(charts.png(block.chart) for block in edition.charts)
        shown, html = period_budget.fit(
            edition, settings.budget_kb, lambda page: self._page("period", page, pictures=pictures)
        )
        whole = edition.elsewhere != WORKBOOK
        told = edition if whole else period_budget.shorten(edition, period_budget.TEXT)
        return Rendered(
            subject=edition.subject,
            html=html,
            text=self._twin("period", told, whole=whole),
            whatsapp="",
            pictures=pictures,
            hidden_findings=shown.flags.hidden,
            html_bytes=budget.encoded_bytes(html),
        )

    def _page(self, name: str, page: Any, **more: Any) -> str:
        html = self._html.get_template(f"{name}.html.j2").render(page=page, **more)
        return compact(self._inliner.inline(html))

    def _twin(self, name: str, page: Any, **more: Any) -> str:
        return tidy(self._text.get_template(f"{name}.txt.j2").render(page=page, **more))
