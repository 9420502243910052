"""The keys of ``pantau.toml`` with their defaults: a section is a frozen struct, a key is a field.

``settings_file.py`` reads and validates the file.
"""

from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from pantau.core.model import RuleStatus
from pantau.core.secrets import Secret
from pantau.core.settings_cluster import ClusterSettings
from pantau.core.settings_editions import WEEKDAYS, Heads, NightlyEdition, PeriodEditionName, Reader, WeeklyOn
from pantau.core.settings_meta import FacebookSettings, MetaSettings
from pantau.core.settings_pictures import PictureSettings
from pantau.core.settings_reader import ReaderSettings
from pantau.core.settings_retention import Retention
from pantau.core.settings_tiktok import TikTokSettings

OFFICE_PART = "pantau_office"
"""Parameter of a database address that names the office whose schema of the database is meant."""


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """Who signs printed papers. Without ``title`` and ``name`` the PDF has no signature block."""

    place: str = ""
    title: str = ""
    name: str = ""
    rank: str = ""
    nip: str = ""


class Office(msgspec.Struct, frozen=True, kw_only=True):
    """Who receives the digest and how the letterhead reads."""

    name: str = "Kabupaten"
    """Name of the regency as readers write it, for example ``Kabupaten Blora``."""
    region: str = ""
    """Short place name used in sentences, for example ``Blora``."""
    province: str = ""
    region_code: str = ""
    """Kemendagri code, for example ``33.16``; its villages and districts count as inside the region."""
    department: str = ""
    address: str = ""
    contact: str = ""
    timezone: str = "Asia/Jakarta"
    letterhead: tuple[str, ...] = ()
    """Name lines of the letterhead on printed papers; empty: made of ``name`` and ``department``."""
    emblem: str = ""
    """PNG or JPEG file with the coat of arms; empty: none."""
    reach: str = ""
    """Second address line of the letterhead: telephone, web site, mail."""
    signature: Signature = Signature()


class Files(msgspec.Struct, frozen=True, kw_only=True):
    """Files the office edits, and the folder in which Pantau keeps its own. Relative to the settings file."""

    accounts: str = "accounts.csv"
    approvals: str = ""
    trips: str = ""
    situations: str = ""
    excuses: str = ""
    rules_dir: str = "rules.d"
    state_dir: str = "data"
    templates_dir: str = ""
    """Folder with the office's own ``memo.docx`` and ``thanks.docx``; what is not in it comes from Pantau."""


class StoreSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The database. Empty ``url`` means ``pantau.db`` (SQLite) in ``files.state_dir``."""

    url: str = ""
    url_secret: str = ""
    """``env:NAME`` or ``file:PATH`` holding the whole URL, for databases with a password."""


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """How the machine reaches the outside."""

    proxy: str = ""
    """``http://host:port`` for all outgoing HTTPS requests; empty: none."""
    ca_file: str = ""
    """Extra certificate authorities (PEM), for an office proxy or an own mail server. Absolute once the settings are loaded."""


class XSettings(msgspec.Struct, frozen=True, kw_only=True):
    """X through tweepy. Read only when ``bearer_token`` is set."""

    bearer_token: str = ""
    api_url: str = "https://api.twitter.com"
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 60.0
    max_wait_s: float = 960.0
    """Longest single wait for a rate limit; one window is 900 s."""
    archive_access: bool = True
    """Use full-archive search (open to pay-per-use customers); false: recent search, last 7 days."""
    overlap_hours: int = 6
    """Asked again before the watermark, since the search index lags; repeats are dropped by id."""
    budget_usd: float = 0.0
    """What one run may spend on X, in US dollars; the accounts beyond stay unread (budget). 0: no limit."""
    budget_month_usd: float = 0.0
    """The same for a calendar month, all runs together."""


class InstagramSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Instagram through Meta's Graph API (when ``graph_token`` is set) and instaloader (when ``enabled``).

    With both, instaloader reads the accounts that the Graph API does not show. All keys but the first two are instaloader's.
    """

    graph_token: str = ""
    """``env:NAME`` or ``file:PATH`` holding a token with instagram_basic, instagram_manage_insights, pages_read_engagement."""
    graph_user_id: str = ""
    """Graph id of the office's own professional account (17841...), on whose behalf others are looked up."""
    enabled: bool = False
    username: str = ""
    session_file: str = ""
    """Session imported from a browser (mode 0600); never a password."""
    timeout_s: float = 30.0
    pause_s: float = 1.7
    """Mean pause before each request."""
    rate_limit_pause_s: float = 660.0
    """Pause before the next account after Instagram answered 429; its budget is counted over 11 minutes."""
    overlap_days: int = 7
    """Posts so long before the watermark that lie on pages read anyway are compared again: edits, takedowns, late ones."""
    canary: str = ""
    """An account known to have posts, read first; when it fails the source is down."""


class WebsiteSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Websites through their feeds (RSS, Atom). Read only when ``enabled``."""

    enabled: bool = False
    timeout_s: float = 20.0
    """Longest silence of a site; a whole answer may take three times as long."""
    max_mb: float = 5.0
    """Largest page or feed that is read, in megabytes."""
    parallel: int = 8
    """Hosts asked at the same time; one host never gets two requests at once."""
    overlap_days: int = 7
    """Entries dated so long before the watermark are looked at again: backdated ones come late, edited ones change."""
    http_hosts: tuple[str, ...] = ()
    """Hosts that have no https and are read over http."""
    private_hosts: tuple[str, ...] = ()
    """Host names or addresses inside the office's own network that may be read; all others must be public."""


class YouTubeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """YouTube through the Data API v3, or through RSS where there is no key or no quota left. Read only when ``enabled``."""

    enabled: bool = False
    api_key: str = ""
    """``env:NAME`` or ``file:PATH``; empty: RSS only, which needs each channel's id in the register and shows 15 videos."""
    api_url: str = "https://www.googleapis.com"
    rss_url: str = "https://www.youtube.com"
    timeout_s: float = 30.0
    quota_units: int = 9000
    """Most units that one run may use; YouTube allows 10,000 a day. 0: no limit of our own."""
    overlap_days: int = 3
    """Videos published so long before the watermark that no night has seen (late or scheduled ones) are still taken."""


class Collect(msgspec.Struct, frozen=True, kw_only=True):
    """What every source shares."""

    first_days: int = 35
    """How far back the first reading of an account goes."""
    deadline_min: int = 240
    """After this the accounts not yet read become ``unread`` (deadline)."""
    deadlines_min: dict[str, float] = {}
    """The same for single platforms, where it is shorter."""
    max_accounts: dict[str, int] = {}
    """Platform to how many of its accounts one night reads; the others have their turn on the next nights. Absent or 0: all."""
    gone_after_nights: int = 3
    """Nights in a row on which an account must be missing before it may be called gone."""
    recheck_posts: int = 20
    """Posts with an open finding that a night asks for by id, per platform (X, YouTube), to know whether they are still there.

    On X each one that is still there costs $0.005. 0: none.
    """
    x: XSettings = XSettings()
    instagram: InstagramSettings = InstagramSettings()
    meta: MetaSettings = MetaSettings()
    facebook: FacebookSettings = FacebookSettings()
    website: WebsiteSettings = WebsiteSettings()
    youtube: YouTubeSettings = YouTubeSettings()
    tiktok: TikTokSettings = TikTokSettings()


class TierNorm(msgspec.Struct, frozen=True, kw_only=True):
    """Posting norm of a tier, in ``unit`` days."""

    days: int
    grace: int
    unit: Literal["working", "calendar"] = "calendar"


class Norms(msgspec.Struct, frozen=True, kw_only=True):
    """Norm per tier. Agency and regional company: one item per working day, the Regent's word of 25 August 2022."""

    opd: TierNorm = TierNorm(days=1, grace=2, unit="working")
    bumd: TierNorm = TierNorm(days=1, grace=2, unit="working")
    kecamatan: TierNorm = TierNorm(days=3, grace=2)
    kelurahan: TierNorm = TierNorm(days=7, grace=3)
    desa: TierNorm = TierNorm(days=7, grace=3)
    rsud: TierNorm = TierNorm(days=3, grace=2)
    puskesmas: TierNorm = TierNorm(days=3, grace=2)
    sekolah: TierNorm = TierNorm(days=3, grace=2)
    pejabat: TierNorm = TierNorm(days=3, grace=2)
    useful_share_min: float = 0.3
    """Smallest share of useful posts in 30 days before KIN speaks; judged from ``useful_posts_min`` posts on."""
    useful_posts_min: int = 8
    useful_days: int = 21
    """KIN speaks when an account that posts had no useful post for this many days."""


class RulesSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Switches over the catalogue."""

    status: dict[str, RuleStatus] = {}
    """Rule id to ``uji`` (log only), ``aktif`` or ``nonaktif``; overrides the rule's own status and any demotion."""
    second_signal: bool = True
    """Trained scores beside the patterns: they open reviews and confirm weak hits. False: patterns only, and the digest says so."""
    demote_below: float = 0.5
    """A rule whose precision by the decisions of 30 days is lower becomes ``uji`` the next night; 0: never."""
    demote_after_decisions: int = 8
    """Fewer decisions than this say nothing about a rule."""


class ChecksSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How stored posts are checked again (``pantau rerun``, ``pantau rules try``); decides nothing about what is found."""

    workers: int = 0
    """Processes that share a range. 0: one, and from 50,000 posts on as many as the machine has cores (at most 8)."""


class DigestSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the digest holds."""

    max_findings: int = 25
    """Findings shown in full in the mail; the rest are counted and pointed at."""
    budget_kb: int = 90
    """Largest HTML part as sent (quoted-printable), in KiB; Gmail cuts near 102."""
    good_examples: int = 2
    attach: tuple[Literal["xlsx", "pdf"], ...] = ("xlsx", "pdf")
    """Documents of the staff edition: made each night, kept with the run, and attached to its mails."""
    mail_mb: float = 2.0
    """A mail heavier than this loses its PDF, then its XLSX (MB as sent, at most 8)."""
    paper: Literal["A4", "F4"] = "A4"
    """Paper of the printed edition; F4 is 215 x 330 mm."""
    silent_when_empty: bool | tuple[NightlyEdition, ...] = False
    """True: no mail when there is nothing to say; false: a short proof of life; a list: silence for these editions only."""
    corrected_within_hours: int = 36
    """A flagged post taken down or edited at most so long after the flag counts as corrected and is not asked about again."""
    heads: Heads = "off"
    """Whether the head of each unit (``head_email`` of the register) gets its own part: never, when something needs it, nightly."""
    weekly_on: WeeklyOn = "senin"
    """From the night of this day on the edition of the last whole week (Monday to Sunday) is made, once; empty: never."""
    monthly_on: int = 1
    """The same for the last whole calendar month, from this day of the month on; 0: never."""

    @property
    def weekday(self) -> int | None:
        """``weekly_on`` as Python counts (Monday is 0); None: no weekly edition."""
        return WEEKDAYS.index(self.weekly_on) if self.weekly_on else None

    @property
    def off(self) -> tuple[PeriodEditionName, ...]:
        """Editions that are never made."""
        made: dict[PeriodEditionName, object] = {"weekly": self.weekly_on, "monthly": self.monthly_on}
        return tuple(name for name, when in made.items() if not when)


class MailSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The mail server. ``folder`` alone writes ``.eml`` files instead of sending."""

    host: str = ""
    port: int = 587
    security: Literal["starttls", "ssl"] = "starttls"
    user: str = ""
    password: str = ""
    from_address: str = ""
    from_name: str = "Pantau"
    reply_to: str = ""
    own_copy: str = ""
    """Own mailbox that gets a copy of each mail, so that an uncertain delivery can be looked up. Default: from_address."""
    local_hostname: str = ""
    imap_host: str = ""
    imap_port: int = 993
    imap_user: str = ""
    imap_password: str = ""
    reply_secret: str = ""
    """``env:NAME`` or ``file:PATH`` that signs reply codes; empty: one is made in the state folder (``reply-secret``)."""
    reply_days: int = 30
    """How long a reply code is good for, in days."""
    authserv_id: str = ""
    """Name under which our own mail server writes ``Authentication-Results``; empty: that header is never believed."""
    require_authentication: bool = False
    """True: decisions from addresses outside our own domain need a pass in that header."""
    timeout_s: float = 30.0
    retry_min: tuple[float, ...] = (1.0, 5.0, 15.0)
    """Waits inside the run after a temporary refusal, in minutes."""
    expire_days: int = 3
    resend_uncertain: Literal["always", "lost_reply", "never"] = "lost_reply"
    """What happens to a mail that may or may not have arrived and cannot be looked up (no IMAP, or no own copy).

    ``lost_reply``: when the line broke before the server's answer, it goes out once more under the same Message-ID (Zimbra
    and Cyrus drop the repeat); when Pantau itself was killed in that moment it most likely arrived and stays "uncertain".
    ``always`` repeats both, ``never`` neither. What stays uncertain is reported, never forgotten.
    """
    folder: str = ""
    reader: tuple[Reader, ...] = ()


class Operator(msgspec.Struct, frozen=True, kw_only=True):
    """Who hears when the job itself is in trouble."""

    address: str = ""
    heartbeat_url: str = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of ``pantau.toml``."""

    office: Office = Office()
    files: Files = Files()
    store: StoreSettings = StoreSettings()
    network: Network = Network()
    cluster: ClusterSettings = ClusterSettings()
    collect: Collect = Collect()
    pictures: PictureSettings = PictureSettings()
    norms: Norms = Norms()
    rules: RulesSettings = RulesSettings()
    checks: ChecksSettings = ChecksSettings()
    reader: ReaderSettings = ReaderSettings()
    digest: DigestSettings = DigestSettings()
    mail: MailSettings = MailSettings()
    operator: Operator = Operator()
    retention: Retention = Retention()
    base_dir: Path = Path()
    """Folder of the settings file; not a key of the file."""
    code: str = ""
    """Of one of several offices (``settings_offices``); empty for the only one. Not a key of this level either."""

    def path(self, name: str) -> Path:
        """``name`` relative to the settings file's folder."""
        return self.base_dir / Path(name).expanduser()

    def secret(self, reference: str) -> Secret:
        """The secret behind ``env:NAME`` or ``file:PATH``."""
        return Secret(reference, self.base_dir)

    def run_name(self, run_id: str) -> str:
        """A run's id as it is unique in the whole installation, for logs and Message-IDs."""
        return f"{self.code}.{run_id}" if self.code else run_id

    @property
    def shared_dir(self) -> Path:
        """Where the lock and what collectors remember lie: one folder for all offices of an installation."""
        return self.path(self.files.state_dir)

    @property
    def state_dir(self) -> Path:
        """Where the office's own lies: database, run folders, key of reply codes. The shared folder when it is the only office."""
        return self.shared_dir / "offices" / self.code if self.code else self.shared_dir

    @property
    def tiktok_tokens_dir(self) -> Path:
        """Where the tokens of TikTok accounts lie."""
        folder = self.collect.tiktok.tokens_dir
        return self.path(folder) if folder else self.shared_dir / "tiktok"

    @property
    def database_url(self) -> str:
        """The store's URL with its secret filled in, and the office's part of it. Raises ``SecretError``."""
        url = self.secret(self.store.url_secret).reveal() if self.store.url_secret else self.store.url
        if not url:
            return f"sqlite:///{self.state_dir / 'pantau.db'}"
        return f"{url}{'&' if '?' in url else '?'}{OFFICE_PART}={self.code}" if self.code else url

    @property
    def zone(self) -> ZoneInfo:
        """The readers' time zone."""
        return ZoneInfo(self.office.timezone)
