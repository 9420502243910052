"""Which accounts of Instagram exist now and under which handle, through instaloader: one request per account, no posts."""

from typing import Protocol

from instaloader.exceptions import AbortDownloadException, ConnectionException, ProfileNotExistsException
from instaloader.structures import Profile

from collectors.base import CollectorError
from collectors.instagram_client import PantauContext
from collectors.instagram_errors import MISSING, PRIVATE, AccountOutcomeError, refused_page
from collectors.instagram_timeline import Harvest

HANDED_ON = "nama akun ini kini dipakai akun lain"


class Reader(Protocol):
    """Fills a harvest. Raises ``CollectorError``, ``AccountOutcomeError`` and whatever instaloader raises."""

    def read(self, harvest: Harvest) -> None:
        """Read one account."""
        ...


class IdentityReader:
    """Asks for the account instead of its posts. Implements ``Reader``."""

    def __init__(self, context: PantauContext) -> None:
        self._context = context

    def read(self, harvest: Harvest) -> None:
        """By id where one is known and a session is there, so that a changed handle is found; else by the profile page."""
        harvest.restart()
        self._context.forget_pages()
        by_id = harvest.known_id.isdigit() and self._context.is_logged_in
        profile = self._by_id(harvest) if by_id else self._by_name(harvest)
        harvest.learnt_id, harvest.handle = str(profile.userid), profile.username
        if harvest.known_id and harvest.learnt_id != harvest.known_id:
            raise AccountOutcomeError("missing", HANDED_ON)
        if profile.is_private and not (self._context.is_logged_in and profile.followed_by_viewer):
            raise AccountOutcomeError("private", PRIVATE)
        harvest.seen = 1  # for the canary: that it is there is all that was asked

    def _by_id(self, harvest: Harvest) -> Profile:
        """The account with this number; where there is none any more, whoever has its name. Raises ``AccountOutcomeError``."""
        self._context.profile_id_cache.pop(int(harvest.known_id), None)
        try:
            profile: Profile = Profile.from_id(self._context, int(harvest.known_id))
        except ProfileNotExistsException as gone:
            try:
                return self._by_name(harvest)
            except (AbortDownloadException, ConnectionException, CollectorError) as error:
                if not refused_page(error):
                    raise
                raise AccountOutcomeError("missing", MISSING) from gone
        return profile

    def _by_name(self, harvest: Harvest) -> Profile:
        try:
            profile: Profile = Profile.from_username(self._context, harvest.target.account.handle)
        except ProfileNotExistsException as error:
            raise AccountOutcomeError("missing", MISSING) from error
        return profile
