"""The store: one object with a part per subject, and what takes several parts in one transaction."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from types import TracebackType

from pantau.core.model import Collected, Mail, Scan, Window
from pantau.store import audit_check, retention, scans, schema
from pantau.store.accounts import Accounts
from pantau.store.audit import Audit, append_freeze
from pantau.store.audit_check import AuditVerified
from pantau.store.corrections import Corrections
from pantau.store.costs import Costs
from pantau.store.database import Database
from pantau.store.decisions import Decisions
from pantau.store.documents import Documents, insert_documents
from pantau.store.findings import Findings
from pantau.store.inbox import Inbox
from pantau.store.manifests import Manifests
from pantau.store.observations import Observations
from pantau.store.outbox import Outbox, insert_mails
from pantau.store.periods import Periods
from pantau.store.pictures import Pictures
from pantau.store.posts import Posts
from pantau.store.readings import Readings
from pantau.store.records import Document, Purged, Saved
from pantau.store.runs import Runs, get_run


class Store:
    """An open store. Every method commits before it returns, and raises ``StoreError`` when the database refuses."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.accounts = Accounts(database)
        self.runs = Runs(database)
        self.readings = Readings(database)
        self.posts = Posts(database)
        self.pictures = Pictures(database)
        self.decisions = Decisions(database)
        self.findings = Findings(database, self.decisions)
        self.periods = Periods(database, self.decisions)
        self.corrections = Corrections(database)
        self.observations = Observations(database)
        self.costs = Costs(database)
        self.manifests = Manifests(database)
        self.documents = Documents(database)
        self.outbox = Outbox(database)
        self.inbox = Inbox(database)
        self.audit = Audit(database)

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give up all connections; needed only outside a ``with``."""
        self._database.close()

    def save_scan(self, run_id: str, scan: Scan, span: Window | None = None) -> Saved:
        """Keep everything of one scan in one transaction: all of it or, after a kill, nothing.

        Posts with their raw answers, versions of edited posts, the reading, the id and handle that were learnt, and the
        watermark, which moves only when the reading is complete. Saving the same scan again changes nothing. With
        ``span`` (the stretch of time of which the scan shows every post), posts of the account in it that the scan does
        not show are noted as missing, and called vanished when a later night misses them again (``absences``). A rerun's
        scan moves the watermark only when the rerun's window begins at or before it. Raises ``StoreError`` for an
        account that was never in the register or a run that never began.
        """
        with self._database.write() as connection:
            return scans.save_scan(connection, self._database, run_id, scan, span)

    def save_scans(self, run_id: str, found: Iterable[tuple[Scan, Window | None]]) -> None:
        """The same for several scans, each with its span, in one transaction: committing takes longer than saving."""
        with self._database.write() as connection:
            for scan, span in found:
                scans.save_scan(connection, self._database, run_id, scan, span)

    def import_posts(self, run_id: str, items: Iterable[Collected], at: datetime) -> Saved:
        """Add posts from a file, in one transaction; ``at`` is when they count as seen.

        Their accounts must have been in the register. A post that is there already stays as it was read: a file adds
        what is missing and never overwrites evidence. No watermark moves.
        """
        with self._database.write() as connection:
            return scans.import_posts(connection, self._database, run_id, items, at)

    def freeze(self, run_id: str, documents: Sequence[Document], mails: Sequence[Mail]) -> bool:
        """Freeze a run's digest: its documents and all its mails in one transaction, once.

        False, and nothing changes, when the run was frozen before: its mails are in the outbox and are sent as they are.
        """
        with self._database.write() as connection:
            run = get_run(connection, run_id)
            runs = schema.runs
            change = runs.update().where(runs.c.run_id == run_id, runs.c.frozen.is_(False)).values(frozen=True)
            if not connection.execute(change).rowcount:
                return False
            insert_documents(connection, self._database, run_id, documents)
            insert_mails(connection, self._database, mails)
            append_freeze(connection, run_id, run.as_of, documents, mails)
            return True

    def verify_audit(self, seals: Collection[str] = ()) -> AuditVerified:
        """Check the audit log and the tables it tells of; ``seals`` (or beginnings of them) must be in it."""
        return audit_check.verify(self._database, seals)

    def purge(
        self,
        *,
        raw_before: datetime | None = None,
        pictures_before: datetime | None = None,
        personal_before: datetime | None = None,
        posts_before: datetime | None = None,
        findings_before: datetime | None = None,
        decisions_before: datetime | None = None,
        audit_before: datetime | None = None,
        wires_before: datetime | None = None,
        mask: Callable[[str], str] = str,
        at: datetime | None = None,
        dry_run: bool = False,
    ) -> Purged:
        """Apply retention, in one transaction; None keeps everything of that sort. Each limit is told in ``retention.Limits``.

        ``mask`` takes the numbers of people out of a text. ``at``: the moment that the audit log names; default: the newest of
        the limits. ``dry_run``: count what would go and take it all back.
        """
        limits = retention.Limits(
            raws=raw_before,
            pictures=pictures_before,
            personal=personal_before,
            posts=posts_before,
            findings=findings_before,
            decisions=decisions_before,
            audit=audit_before,
            wires=wires_before,
        )
        return retention.purge(self._database, limits, at, mask, dry_run=dry_run)
