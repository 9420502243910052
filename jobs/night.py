"""A night under way, and what is said of it when it is over."""

from collections.abc import Sequence

import msgspec

from jobs.checking import Checked
from jobs.wiring import Site
from pantau.core.clock import local_day
from pantau.core.model import Account, Run
from pantau.delivery.report import DeliveryReport
from pantau.digest.blocks import Counts
from pantau.store.store import Store


class NightResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a night went."""

    run: Run
    exit_code: int
    summary: str


class Night(msgspec.Struct, kw_only=True):
    """A night that has begun; what it is about to read may be read together with that of other offices."""

    site: Site
    store: Store
    run: Run
    accounts: list[Account]
    repeat: bool
    """Its digest was made before; only what is still open is done."""
    only: Sequence[str]
    """The platforms to which it is confined; none: all."""
    real: bool
    """False: without consequences (``RunKind`` trial)."""

    @property
    def reads(self) -> bool:
        """Whether accounts are to be read; not once its digest is frozen."""
        return not self.store.runs.is_frozen(self.run.run_id)

    def registered(self) -> list[Account]:
        """The register's accounts as the store knows them, of the platforms that are read tonight."""
        today = local_day(self.run.as_of, self.site.job.settings.zone)
        accounts = self.store.accounts.sync(self.site.job.register.accounts, today)
        return [account for account in accounts if not self.only or account.platform in self.only]


def summary(
    night: Night, checked: Checked, counts: Counts, report: DeliveryReport | None, failed: Sequence[str]
) -> str:
    """The line that the operator sees. ``failed``: editions that could not be made."""
    parts = [
        f"{night.run.run_id}: {len(checked.posts)} unggahan baru, {counts.flags} perlu dicek, {counts.reviews} untuk dilihat"
    ]
    parts += [f"{counts.inactive} akun tidak aktif, {counts.unread} tidak dapat diperiksa"]
    parts += [f"surel: {report.summary()}" if report else "surel: tidak dikirim"]
    parts += [f"edisi {code} tidak dapat dibuat" for code in failed]
    return "; ".join(parts)
