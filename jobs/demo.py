"""The demo's nights: real jobs, real store, real rules and digest; only the services are replaced by a recording."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from jobs.nightly import run_night
from jobs.progress import Progress, Silent
from jobs.rerun import rerun
from jobs.wiring import Job, demo_site, load_job, open_store
from pantau.core.clock import WIB, local_day
from pantau.core.model import Decision, DecisionAction
from pantau.digest.correction import CorrectionRenderer
from pantau.store.store import Store

NIGHTS = 14
PAPER_NIGHTS = 3
"""Only so many nights, back to the one that brings the week's edition, make workbook and PDF: the demo shows no others."""
SWITCHED_OFF = "luxury-brand-shown"
LAST_NIGHT = datetime(2026, 8, 26, 21, 0, tzinfo=WIB)


class DemoResult(msgspec.Struct, frozen=True, kw_only=True):
    """Where the demo's results lie."""

    summary: str
    html: Path
    text: Path
    weekly: Path
    mails: Path
    mail_count: int
    correction: Path
    changes: int


def run_demo(home: Path, out: Path, progress: Progress) -> DemoResult:
    """Play the nights up to ``LAST_NIGHT`` in the office folder ``home``; results go to ``out``."""
    config, mails = home / "pantau.toml", out / "surel"
    shutil.rmtree(mails, ignore_errors=True)
    job = load_job(config, local_day(LAST_NIGHT))
    out.mkdir(parents=True, exist_ok=True)
    with open_store(job.settings.database_url) as store:
        progress.start("Malam", NIGHTS)
        site = demo_site(job, home, mails, lambda: LAST_NIGHT)
        for back in range(NIGHTS - 1, -1, -1):
            night = LAST_NIGHT - timedelta(days=back)
            site = demo_site(_on_paper(job, back < PAPER_NIGHTS), home, mails, lambda night=night: night)  # type: ignore[misc]
            result = run_night(site, store, night, Silent(), send=True)
            if back == 1:
                _decide(store, night)
            progress.step()
        folder = job.settings.state_dir / "runs" / result.run.run_id
        html, text = out / "digest.html", out / "digest.txt"
        shutil.copyfile(folder / "digest.html", html)
        shutil.copyfile(folder / "digest.txt", text)
        for name in ("ringkasan-wa.txt", "digest.xlsx", "digest.pdf"):
            if (folder / name).is_file():  # no PDF on a machine without Pango
                shutil.copyfile(folder / name, out / name)
        weekly = _copy_weekly(job, out)
        changed = load_job(_with_changed_rule(config), local_day(LAST_NIGHT))
        again = rerun(
            msgspec.structs.replace(site, job=changed),
            store,
            local_day(LAST_NIGHT) - timedelta(days=6),
            local_day(LAST_NIGHT),
            Silent(),
        )
        store.runs.finish(again.run.run_id, LAST_NIGHT, 0, f"{len(again.correction.changes)} perubahan")
        correction = out / "koreksi.txt"
        correction.write_text(CorrectionRenderer().correction_text(again.correction), "utf-8")
    progress.stop()
    written = sorted(mails.glob(f"{result.run.run_id}-*.eml"))
    return DemoResult(
        summary=result.summary,
        html=html,
        text=text,
        weekly=weekly,
        mails=mails,
        mail_count=len(written),
        correction=correction,
        changes=len(again.correction.changes),
    )


def _on_paper(job: Job, wanted: bool) -> Job:
    if wanted:
        return job
    digest = msgspec.structs.replace(job.settings.digest, attach=())
    return msgspec.structs.replace(job, settings=msgspec.structs.replace(job.settings, digest=digest))


def _copy_weekly(job: Job, out: Path) -> Path:
    """Lay the newest weekly edition beside the digest; its page."""
    files = sorted((job.settings.state_dir / "runs").glob("*/mingguan-*"))
    for path in files:
        if path.parent == files[-1].parent:
            shutil.copyfile(path, out / f"mingguan{path.suffix}")
    return out / "mingguan.html"


def _decide(store: Store, night: datetime) -> None:
    """What a member of staff might have decided on the day before the last night: one dismissal, one answer."""
    about_posts = [
        finding for finding in store.findings.of_run(f"n-{night:%Y%m%d}") if finding.post and finding.strength == "flag"
    ]
    at = night + timedelta(hours=11)
    for finding, (action, note) in zip(about_posts, _DECISIONS, strict=False):
        decision = Decision(finding_key=finding.key, action=action, by="Staf contoh", at=at, note=note)
        store.decisions.add(decision, at)


_DECISIONS: tuple[tuple[DecisionAction, str], ...] = (
    ("answer", "Unggahan itu sudah kami hapus pagi ini dan admin sudah diingatkan. Mohon maaf."),
    ("followed_up", "Sudah dibicarakan dengan kepala unit, selesai."),
)


def _with_changed_rule(config: Path) -> Path:
    """The same office with one rule switched off and the office's own rule added, to show what a rerun reports."""
    changed = config.with_name("pantau-aturan-baru.toml")
    text = config.read_text("utf-8").replace('rules_dir = "rules.d"', 'rules_dir = "rules-baru.d"')
    changed.write_text(f'{text}\n[rules.status]\n"{SWITCHED_OFF}" = "nonaktif"\n', "utf-8")
    return changed
