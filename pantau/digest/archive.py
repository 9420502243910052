"""The archive as a whole: what ``jobs`` hands over becomes pages as soon as it can.

Nights and reruns come in order, then ``seal``, then the posts month by month, then ``finish``. Only counts, findings and
stretches of states stay in memory; posts are written and forgotten. No page holds the time of building, so that the same
store always gives the same bytes.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date
from pathlib import Path

from pantau.core.model import Post
from pantau.digest.archive_findings import Book
from pantau.digest.archive_model import ArchiveMonth, ArchiveNight, ArchiveRerun, ArchiveWorld
from pantau.digest.archive_names import KIND_LABELS, Names
from pantau.digest.archive_nights import Nights
from pantau.digest.archive_pages import Pages
from pantau.digest.archive_posts import Posts
from pantau.digest.archive_rules import write_rules
from pantau.digest.archive_search import script
from pantau.digest.archive_site import Tree
from pantau.digest.archive_units import Units


class Archive:
    """One building of the site into ``tree``."""

    def __init__(self, world: ArchiveWorld, tree: Tree, templates: Path | None = None) -> None:
        self._world = world
        self._pages = Pages(tree, world.office, templates)
        self._names = Names(world)
        self._book = Book(world, self._names)
        self._nights = Nights(self._pages, self._names, self._book)
        self._posts = Posts(self._pages, self._names, self._book, world.fold)
        self._units = Units(self._pages, self._names, self._book)

    def night(self, night: ArchiveNight) -> None:
        """One more night; nights come in order."""
        self._names.learn(night.observations)
        for finding in night.findings:
            self._names.meet(finding.unit)
        self._book.night(night)
        self._nights.night(night)
        self._units.night(night)

    def rerun(self, rerun: ArchiveRerun) -> None:
        """A rerun, after the nights before it."""
        self._book.rerun(rerun)
        self._nights.rerun(rerun)

    def seal(self) -> None:
        """All nights and reruns are there."""
        self._book.seal()

    @property
    def left_out(self) -> int:
        """Posts of accounts that no register and no night knows."""
        return self._posts.left_out

    def months_told(self) -> set[date]:
        """First days of the months in which something was first told: they need a part of the index even without posts."""
        return set(self._book.months())

    def month(self, month: ArchiveMonth) -> None:
        """The posts of one month; months come in order."""
        self._posts.month(month)

    def finish(self, posts_of: Callable[[Collection[str]], Mapping[str, Post]]) -> None:
        """All other pages. ``posts_of`` gives stored posts by key, for the evidence of findings."""
        days = [night.day for night in self._nights.listed]
        self._units.write(days, self._posts, posts_of)
        self._nights.write_pages()
        write_rules(self._pages, self._names, self._book, self._world)
        self._nights.write_start(self._units.rows(), self._book.open_count())
        self._search()

    def _search(self) -> None:
        names, posts = self._names, self._posts
        order = posts.unit_numbers
        units = [[names.slug(code), names.unit(code), names.units[code].kind] for code in order]
        listed = [
            [f"unit/{names.slug(code)}/index.html", names.unit(code), KIND_LABELS[names.units[code].kind], words]
            for code, words in self._units.searchable()
        ]
        rules = [
            [f"aturan/{names.rule_slug(rule.id)}.html", rule.id, "Aturan", f"{rule.id} {rule.message}"]
            for rule in self._world.rules
        ]
        folding = posts.folding
        short = [
            [link, title, kind, " ".join(folding.words(f"{title} {words}"))]
            for link, title, kind, words in (*listed, *rules)
        ]
        parts = posts.write_parts()
        core = {"unit": units, "pendek": short, "bagian": parts, "huruf": folding.foreign()}
        self._pages.file("indeks/pokok.js", script("pokok", "pokok", core))
        kinds = {names.units[code].kind for code in order}
        self._pages.write("cari.html", "cari", kinds=[(k, label) for k, label in KIND_LABELS.items() if k in kinds])
        self._pages.static("cari.js", "arsip.css")
