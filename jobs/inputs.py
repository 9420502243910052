"""What a run judges by, as hashes for the audit log: equal hashes, equal rules for everybody."""

import hashlib
from importlib.metadata import version

import msgspec

from jobs.wiring import Job, Site
from pantau.core.model import Run
from pantau.store.store import Store


def note_inputs(site: Site, store: Store, run: Run) -> None:
    """Write down by which settings, register, side files and rules the run judges; again only when they differ."""
    store.audit.inputs(run.run_id, run.as_of, input_hashes(site.job))


def input_hashes(job: Job) -> dict[str, str]:
    """Hashes of all that decides what is judged and who is told.

    Of the parsed content, so that saving a CSV as XLSX changes nothing. Where servers, folders and the database are is left out,
    since it decides neither.
    """
    settings = job.settings
    decisive = (
        settings.office,
        settings.norms,
        settings.rules,
        settings.digest,
        settings.retention,
        settings.mail.reader,
    )
    return {
        "pantau": version("pantau"),
        "settings": _sha256(decisive),
        "register": _sha256(job.register),
        "ledgers": _sha256(job.ledgers),
        "rules": job.catalogue.version,
    }


def _sha256(content: object) -> str:
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()
