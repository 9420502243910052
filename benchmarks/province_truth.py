"""Offices whose night is known beforehand: which accounts are active, silent, private or unreadable, and who posts a violation.

Everything follows from seed, office and number of the account; the collectors of ``Source`` hand it out one scan after the other.
Names, handles and marks carry the office (``K07``), so that one office's word in another's digest is found by looking for it.
"""

import csv
import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Literal

import msgspec

from benchmarks.digest_office import FLAGGED, KINDS, ORDINARY
from collectors.base import failed_scan
from pantau.core.model import Account, Collected, Cost, Post, Reading, Scan, Target, Window

PLATFORMS = ("instagram", "facebook", "website", "youtube", "x", "tiktok")
DOMAIN = "wanajati.example"
UNIT_ACCOUNTS = 6
PLANTED = 20
"""Violations of an office; as many as its mail shows whole."""
State = Literal["active", "quiet", "never_posted", "private", "unread"]
SHARES: tuple[tuple[State, float], ...] = (
    ("unread", 0.04),
    ("private", 0.01),
    ("never_posted", 0.02),
    ("quiet", 0.15),
    ("active", 1.0),
)
"""Chances, one after the other."""


class Truth:
    """One office. ``at`` is the moment of its night."""

    def __init__(self, seed: int, office: int, accounts: int, at: datetime) -> None:
        self.office, self.accounts, self.at = office, accounts, at
        self._seed = seed
        self.code = f"k{office:02}"
        self.tag = f"K{office:02}"

    @cached_property
    def states(self) -> tuple[State, ...]:
        """Of every account, by its number."""
        chance = random.Random(f"{self._seed}/{self.office}")
        return tuple(next(state for state, share in SHARES if chance.random() < share) for _ in range(self.accounts))

    @cached_property
    def planted(self) -> dict[int, str]:
        """Number of an account to the violation in its first post."""
        active = [number for number, state in enumerate(self.states) if state == "active"]
        chosen = random.Random(f"{self._seed}/{self.office}/planted").sample(active, min(PLANTED, len(active)))
        return {number: FLAGGED[n % len(FLAGGED)] for n, number in enumerate(sorted(chosen))}

    def mark(self, number: int) -> str:
        """Names an account's posts in whatever shows them."""
        return f"{self.tag}-{number:05}"

    def count(self, state: State) -> int:
        """Accounts in this state."""
        return self.states.count(state)

    @property
    def posts(self) -> int:
        """Of the night."""
        return sum(self.posts_of(number) for number in range(self.accounts))

    def posts_of(self, number: int) -> int:
        """How many an account publishes."""
        return (1 + (number % 4 == 0)) if self.states[number] == "active" else 0

    @property
    def readers(self) -> tuple[tuple[str, str], ...]:
        """Address and edition."""
        domain = f"{self.code}.example"
        return (f"staf1@{domain}", "staff"), (f"staf2@{domain}", "staff"), (f"bupati@{domain}", "regent")

    def handle(self, number: int) -> str:
        """As the register holds it."""
        platform = PLATFORMS[number % len(PLATFORMS)]
        name = f"{self.code}_{number:05}"
        return f"{name.replace('_', '-')}.{DOMAIN}" if platform == "website" else name

    def write_register(self, path: Path) -> None:
        """``accounts.csv``."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(["unit_code", "unit_name", "unit_kind", "platform", "handle"])
            for number in range(self.accounts):
                unit = number // UNIT_ACCOUNTS
                kind = KINDS[unit % len(KINDS)]
                name = f"{kind.capitalize()} {self.tag}-U{unit:04}"
                platform = PLATFORMS[number % len(PLATFORMS)]
                table.writerow([f"U-{unit:04}", name, kind, platform, self.handle(number)])

    def block(self) -> str:
        """Its part of the settings."""
        lines = ["[[office]]", f'code = "{self.code}"', f'name = "Kabupaten {self.tag}"']
        for address, edition in self.readers:
            lines += ["[[office.mail.reader]]", f'address = "{address}"', f'edition = "{edition}"']
        return "\n".join(lines) + "\n"

    def scan(self, target: Target, number: int) -> Scan:
        """What a reading of the account gives."""
        account, state = target.account, self.states[number]
        if state == "unread":
            return failed_scan(account, "network", "server tidak menjawab", self.at, "contoh")
        if state == "private":
            return failed_scan(account, "", "akun digembok", self.at, "contoh", "private")
        posts = tuple(self._collected(account, number, n) for n in range(self.posts_of(number)))
        newest = {
            "quiet": self.at - timedelta(days=60),
            "active": max((p.post.published_at for p in posts), default=None),
        }
        reading = Reading(
            account=account.key,
            outcome="read",
            checked_at=self.at,
            complete=True,
            last_post_at=newest.get(state),
            source="contoh",
        )
        return Scan(reading=reading, posts=posts)

    def _collected(self, account: Account, number: int, n: int) -> Collected:
        words = self.planted.get(number) if n == 0 else None
        text = f"{self.mark(number)}: {words or ORDINARY[(number + n) % len(ORDINARY)]}"
        post = Post(
            platform=account.platform,
            post_id=f"{self.office:03}{number:06}{n}",
            account=account.key,
            published_at=self.at - timedelta(hours=1 + n, seconds=number % 3000),
            text=text,
            url=f"https://{account.platform}.example/{self.office}/{number}/{n}",
        )
        return Collected(post, msgspec.json.encode({"id": post.post_id, "text": text, "by": account.handle}))


class Source:
    """The collector of one platform for all offices. Implements ``pantau.core.ports.Collector``."""

    def __init__(self, platform: str, truths: Sequence[Truth]) -> None:
        self.platform = platform
        self._truths = {truth.code: truth for truth in truths}
        self.asked = 0

    def collect(self, targets: Sequence[Target], window: Window) -> Iterator[Scan]:
        """One scan per target."""
        for target in targets:
            self.asked += 1
            code, _, number = target.account.handle.split(".", 1)[0].replace("-", "_").partition("_")
            yield self._truths[code].scan(target, int(number))

    def identify(self, accounts: Sequence[Account]) -> Iterator[Scan]:
        """Nobody asks."""
        return iter(())

    def costs(self) -> tuple[Cost, ...]:
        """Free."""
        return (Cost(platform=self.platform, source="contoh", requests=self.asked),)
