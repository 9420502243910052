"""A platform that Pantau has never heard of: what it takes to add one, and that nothing else has to know its name.

Three new items: the collector, its local server, its stage for the contract tests. Three one-line edits: the entry in
``collectors/registry.py``, the section in ``pantau/core/settings.py``, the entry in ``tests/collectors/contract/stages.py``.
"""

import ast
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest

from collectors.base import CollectorError, Pace, failed_scan, guarded, unread_all
from collectors.http import http_client
from collectors.registry import COLLECTORS, Source
from jobs.nightly import NightResult, run_night
from jobs.progress import Silent
from jobs.wiring import load_job, site_of
from pantau.core.model import Account, Collected, Cost, Post, Reading, Scan, Target, Window
from pantau.core.settings import Settings
from pantau.store import open_store
from pantau.store.store import Store
from tests.collectors.test_contract import test_every_platform_of_the_registry_has_a_stage as contract_asks_for_a_stage
from tests.fakes import SimClock
from tests.servers.base import Fault, LocalServer, Reply, Request, html_reply, json_reply

ROOT = Path(__file__).resolve().parents[2]
NIGHT = SimClock().now()


class KentonganServer(LocalServer):
    """First new item: a service that lists an account's messages as JSON."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[str, list[dict[str, str]]] = {}

    def route(self, request: Request) -> Reply:
        """The messages of one account."""
        return json_reply(self.messages.get(request.path.strip("/"), []))


class KentonganCollector:
    """Second new item: a collector of thirty lines, with the shared net, client and failed scans."""

    platform = "kentongan"

    def __init__(self, url: str, settings: Settings, pace: Pace) -> None:
        self._url, self._network, self._pace, self._requests = url, settings.network, pace, 0

    def collect(self, targets: Sequence[Target], window: Window) -> Iterator[Scan]:
        """One scan per target."""
        with http_client(self._network, 5.0) as client:
            for target in targets:
                try:
                    yield guarded(lambda target=target: self._read(client, target, window), _odd, "kentongan.odd")  # type: ignore[misc]
                except CollectorError as error:
                    yield failed_scan(target.account, error.unread_class, str(error), self._pace.now(), "kentongan")

    def _read(self, client: httpx.Client, target: Target, window: Window) -> Scan:
        self._requests += 1
        account, posts = target.account, []
        for item in client.get(f"{self._url}/{account.handle}").json():
            at = datetime.fromisoformat(item["at"])
            if target.since <= at < window.end:
                post = Post(
                    platform="kentongan", post_id=item["id"], account=account.key, published_at=at, text=item["text"]
                )
                posts.append(Collected(post, json.dumps(item).encode()))
        reading = Reading(
            account=account.key,
            outcome="read",
            checked_at=self._pace.now(),
            complete=True,
            last_post_at=max((one.post.published_at for one in posts), default=None),
            source="kentongan",
        )
        return Scan(reading=reading, posts=tuple(posts))

    def identify(self, accounts: Sequence[Account]) -> Iterator[Scan]:
        """This service has no ids."""
        reason = CollectorError("Kentongan tidak mengenal nomor akun", "unproven")
        yield from unread_all(accounts, reason, self._pace.now(), "kentongan")

    def costs(self) -> tuple[Cost, ...]:
        """Requests so far."""
        return (Cost(platform="kentongan", source="kentongan", requests=self._requests),)


def _odd(what: str) -> CollectorError:
    return CollectorError(f"jawaban Kentongan tidak dikenali ({what})", "format")


class Office:
    """A folder with a register and settings; nights go through ``jobs.nightly``."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder, self.store, self.clock = folder, store, SimClock()
        rows = [f"OPD-{n},Dinas {n},opd,kentongan,pos_{n}" for n in (1, 2)]
        (folder / "accounts.csv").write_text("\n".join(["unit_code,unit_name,unit_kind,platform,handle", *rows]) + "\n")
        (folder / "pantau.toml").write_text(
            '[digest]\nattach = []\n[mail]\nfolder = "surat"\n[[mail.reader]]\naddress = "sekda@kantor.example"\n'
        )

    def night(self) -> NightResult:
        """One night; the clock then stands a day later."""
        job = load_job(self.folder / "pantau.toml", NIGHT.date())
        site = msgspec.structs.replace(site_of(job), now=self.clock.now, sleep=self.clock.sleep)
        result = run_night(site, self.store, self.clock.now(), Silent())
        self.clock.time += timedelta(days=1)
        return result


def test_one_entry_in_the_registry_brings_a_new_platform_from_the_register_into_the_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with KentonganServer() as server, open_store(f"sqlite:///{tmp_path / 'pantau.db'}") as store:
        office = Office(tmp_path, store)
        for n in (1, 2):
            at = (NIGHT - timedelta(hours=n)).astimezone(UTC).isoformat()
            server.messages[f"pos_{n}"] = [{"id": str(n), "at": at, "text": f"Dasar goblok, ronda {n} batal"}]
        unwatched = office.night()
        assert {reading.unread_class for reading in store.readings.of_run(unwatched.run.run_id)} == {"not_watched"}

        source = Source(
            is_set_up=lambda _settings: True,
            build=lambda settings, pace: KentonganCollector(server.url, settings, pace),
        )
        monkeypatch.setitem(COLLECTORS, "kentongan", source)  # type: ignore[arg-type]
        read = office.night()
        assert {reading.outcome for reading in store.readings.of_run(read.run.run_id)} == {"read"}
        assert {state.state for state in store.observations.of_run(read.run.run_id)} == {"active"}
        texts = [post.text for post in store.posts.new_in_run(read.run.run_id)]
        assert sorted(texts) == ["Dasar goblok, ronda 1 batal", "Dasar goblok, ronda 2 batal"]
        assert {cost.source: cost.requests for cost in store.costs.of_run(read.run.run_id)} == {"kentongan": 2}
        digest = (tmp_path / "data" / "runs" / read.run.run_id / "digest.txt").read_text()
        assert "ronda 1 batal" in digest

        server.faults.add(Fault(html_reply(503), times=None))
        faulty = office.night()
        assert {state.state for state in store.observations.of_run(faulty.run.run_id)} == {"unread"}
        assert faulty.exit_code == 1


def test_the_contract_says_what_a_platform_without_a_stage_lacks() -> None:
    with pytest.raises(AssertionError, match=r"kentongan_stage\.py .* name it in stages\.py under 'kentongan'"):
        contract_asks_for_a_stage("kentongan")


NAMED_IN = {
    "collectors/registry.py": "the entry",
    "collectors/picture_hosts.py": "where its pictures lie (else none are fetched)",
    "collectors/files.py": "its export, where there is one",
    "collectors/files_meta.py": "Meta's export is of two platforms",
    "collectors/files_meta_parse.py": "Meta's export is of two platforms",
    "collectors/files_tiktok.py": "TikTok's export",
    "collectors/files_instaloader.py": "instaloader's files",
    "collectors/instagram_graph.py": "Meta's API serves two platforms",
    "collectors/probe.py": "a second look that only YouTube needs",
    "collectors/shapes.py": "the shapes that the probe compares with",
    "pantau/core/settings.py": "where TikTok's tokens lie",
    "pantau/accounts/handles.py": "what people write for it, and its handles",
    "pantau/checks/account_findings.py": "the address of a profile",
    "pantau/checks/approval.py": "links in the approval ledger",
    "pantau/checks/history.py": "what counts as a second signal where there are no ids",
    "pantau/digest/build_unread.py": "remedies of some platforms",
    "pantau/store/twins.py": "exports whose posts have other ids",
    "pantau/digest/words.py": "how readers call it",
    "jobs/wiring.py": "formats of exports, the demo's platforms",
    "jobs/demo_servers.py": "the settings of the demo's town",
    "jobs/probe_report.py": "which keys set it up",
    "jobs/commands/import_files.py": "formats of exports",
    "jobs/commands/doctor.py": "tokens that run out",
    "jobs/commands/tiktok_login.py": "TikTok's login",
}
"""Files that call a platform by its name, besides its own modules. All but the first may stay as they are when one is added."""


def test_no_other_place_than_the_known_ones_calls_a_platform_by_its_name() -> None:
    names = set(COLLECTORS) - {"x"}  # too short to be searched for
    found = set()
    for package in ("collectors", "pantau", "jobs"):
        for path in (ROOT / package).rglob("*.py"):
            own = path.name.removeprefix("points_").startswith((*names, "x_", "graph"))
            if not any(name in path.read_text("utf-8") for name in names):
                continue
            literals = {
                node.value
                for node in ast.walk(ast.parse(path.read_text("utf-8")))
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            }
            if names & literals and not ((own and package != "pantau") or path.name.startswith("points_")):
                found.add(str(path.relative_to(ROOT)))
    assert found <= set(NAMED_IN), sorted(found - set(NAMED_IN))
