"""Small pictures of the posts that carry a finding, for the digest. One that cannot be had is left out and counted, no more."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import timedelta

import msgspec
import structlog

from jobs.pictures import fetched
from jobs.wiring import Site
from pantau.core.errors import PictureError
from pantau.core.model import Account, Finding, Post, Run, sort_findings
from pantau.core.pictures import Thumbnail
from pantau.core.ports import PictureSource
from pantau.store.store import Store

_log = structlog.get_logger(__name__)
MINUTES = 3
"""All of them together may take so long; the mail does not wait for pictures."""


class _Wanted(msgspec.Struct, frozen=True):
    post: str
    url: str
    account: Account


def thumbnails(
    site: Site,
    store: Store,
    run: Run,
    findings: Iterable[Finding],
    posts: Mapping[str, Post],
    accounts: Iterable[Account],
) -> dict[str, Thumbnail]:
    """By ``Post.key``, worst findings first, at most ``pictures.thumbnails``. How many failed, and why, is noted with the run.

    None for a run whose digest is frozen: its mails are what they are.
    """
    limit = site.job.settings.pictures.thumbnails
    if not limit or store.runs.is_frozen(run.run_id):
        return {}
    by_key = {account.key: account for account in accounts}
    wanted = list(_wanted(site, store, findings, posts, by_key))[:limit]
    if not wanted:
        return {}
    found, left = _fetch_all(site, wanted)
    detail = f"{len(found)} dari {len(wanted)}"
    detail += "".join(f"; {reason} ({count})" for reason, count in sorted(left.items()))
    store.runs.note(run.run_id, site.now(), "thumbnails", detail)
    _log.info("thumbnails", shown=len(found), left=dict(left))
    return found


def _wanted(
    site: Site,
    store: Store,
    findings: Iterable[Finding],
    posts: Mapping[str, Post],
    accounts: Mapping[str, Account],
) -> Iterator[_Wanted]:
    """The pictures to fetch: of each post the one on which the words were found, else the first."""
    groups: dict[str, list[Finding]] = {}
    for finding in sort_findings(findings):
        if finding.post in posts:
            groups.setdefault(finding.post, []).append(finding)
    hidden = {finding.post for finding in store.findings.of_posts(list(groups)) if _is_personal(site, finding)}
    for key, group in groups.items():
        post = posts[key]
        url = _address(post, group)
        account = accounts.get(post.account)
        if url and account and key not in hidden and not any(_is_personal(site, finding) for finding in group):
            yield _Wanted(key, url, account)


def _is_personal(site: Site, finding: Finding) -> bool:
    """True when the finding is about personal data, which no picture may repeat."""
    rule = site.job.catalogue.rule(finding.rule_id)
    return finding.family == "DPR" or (rule is not None and rule.mask)


def _address(post: Post, findings: Sequence[Finding]) -> str:
    spots = (item.spot for finding in findings for item in finding.evidence)
    number = next((spot.picture for spot in spots if spot), 0)
    if 0 < number <= len(post.media):
        return post.media[number - 1].url
    return next((media.url for media in post.media if media.url), "")


def _fetch_all(site: Site, wanted: Sequence[_Wanted]) -> tuple[dict[str, Thumbnail], Counter[str]]:
    """The small pictures, and how many are missing by reason."""
    try:
        source = site.open_pictures()
    except PictureError as error:
        return {}, Counter({str(error): len(wanted)})
    found: dict[str, Thumbnail] = {}
    left: Counter[str] = Counter()
    deadline = site.now() + timedelta(minutes=MINUTES)
    steps = [_step(source, item) for item in wanted]
    patience_s = 3 * site.job.settings.pictures.timeout_s
    with closing(source), closing(fetched(steps, patience_s)) as arrived:
        for number, (item, data) in enumerate(zip(wanted, arrived, strict=True)):
            if isinstance(data, PictureError):
                left[str(data)] += 1
            else:
                found[item.post] = data
            if site.now() >= deadline and number + 1 < len(wanted):
                left["waktu untuk gambar kecil habis"] = len(wanted) - number - 1
                break
    return found, left


def _step(source: PictureSource, item: _Wanted) -> Callable[[], Thumbnail]:
    """Fetched and made small in one go, by the threads that fetch: decoding needs no interpreter, so it runs side by side."""
    from pantau.checks.thumbnail import thumbnail

    return lambda: thumbnail(source.fetch_own(item.url, item.account))
