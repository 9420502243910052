"""``make bench``: measured ratios, every candidate in this one process, rounds interleaved, medians. Compare rows, not machines."""

import re
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from benchmarks import digest
from jobs.catalogue import load_rules
from pantau.checks.engine import Checker
from pantau.checks.fold import fold
from pantau.core.model import Post

ROUNDS = 5
POSTS = 2_000
NAIVE = "plain re per phrase, no alternatives"
"""Only the phrases that are written out; no folding, no context, no offsets. A floor, not an equal."""
SENTENCES = (
    "Pelayanan administrasi kependudukan keliling hadir di balai desa Senin pukul 08.30.",
    "Kerja bakti membersihkan sungai diikuti 120 warga, terkumpul 14 karung sampah.",
    "Sugeng enjing sedherek sedaya, mugi tansah pinaringan kesarasan.",
    "Medali emas untuk atlet panahan, bonus diserahkan lewat rekening.",
    "Waspada tautan judi online dan slot gacor yang mengatasnamakan pemerintah.",
    "Lelang barang sitaan: satu mobil mewah dan dua jam tangan.",
)


def posts() -> list[Post]:
    """The same ordinary posts every time, about 300 characters each."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        Post(
            platform="bench",
            post_id=str(n),
            account="bench:@a",
            published_at=start + timedelta(minutes=n),
            text=" ".join(SENTENCES[(n * 7 + k * (1 + n % 5)) % len(SENTENCES)] for k in range(4)) + f" #{n}",
        )
        for n in range(POSTS)
    ]


def medians(candidates: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median seconds of each candidate, rounds interleaved so that the machine's moods hit all alike."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(ROUNDS):
        for name, candidate in candidates.items():
            start = time.perf_counter()
            candidate()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> int:
    """Print the table of the rules, then those of digest and mails; exit code 1 when a target is missed."""
    catalogue = load_rules(None, datetime(2026, 8, 26, tzinfo=UTC).date())
    held = posts()
    texts = [post.text for post in held]
    checker = Checker(catalogue, "ac")
    words = sorted({word for rule in catalogue.rules for group in rule.sets for word in group.words if "{" not in word})
    plain = [re.compile(rf"\b{re.escape(word)}\b") for word in words]

    def naive() -> int:
        return sum(1 for text in texts[:50] for pattern in plain if pattern.search(text.lower()))

    candidates: dict[str, Callable[[], object]] = {
        "fold, blocks of 500": lambda: [fold(texts[n : n + 500]) for n in range(0, POSTS, 500)],
        "all rules, ahocorasick_rs": lambda: checker.check(held, {}),
        NAIVE: naive,
    }
    try:
        fast = Checker(catalogue, "hs")
        candidates["all rules, hyperscan"] = lambda: fast.check(held, {})
    except ImportError:
        pass
    found = medians(candidates)
    found[NAIVE] *= POSTS / 50
    base = found["all rules, ahocorasick_rs"]
    print(f"{len(catalogue.rules)} rules, {POSTS} posts, {ROUNDS} rounds, medians")
    for name, seconds in sorted(found.items(), key=lambda item: item[1]):
        print(f"{name:<38} {1e6 * seconds / POSTS:>10.1f} us/post   {seconds / base:>8.2f} x")
    sys.stdout.flush()
    return digest.main([])


if __name__ == "__main__":
    sys.exit(main())
