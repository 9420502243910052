"""Which pages of Facebook exist now and under which name: one call per page, without its posts."""

from collections.abc import Iterator, Sequence

from collectors.base import Pace
from collectors.facebook_night import SERVICE, UNPUBLISHED, Night, UnpublishedError, name_of
from collectors.graph import Body, GraphClient
from collectors.graph_errors import GraphError, format_error
from collectors.graph_harvest import Harvest
from pantau.core.model import Account, Scan, Target, Window


class Identities(Night):
    """A night that asks for the pages themselves instead of their posts."""

    def __init__(self, client: GraphClient, pace: Pace) -> None:
        now = pace.now()
        super().__init__(client, pace, Window(now, now))

    def of(self, accounts: Sequence[Account]) -> Iterator[Scan]:
        """One scan per account; pages that are not shown come last."""
        yield from self.scans([Target(account=account, since=self._window.end) for account in accounts])

    def _read(self, harvest: Harvest) -> None:
        harvest.open_end = True  # its posts are not looked at
        page = self._itself(name_of(harvest.target))
        number, username = page.get("id"), page.get("username")
        if not isinstance(number, str) or not number.isdigit():
            raise format_error(SERVICE, "id")
        # A page of the new kind can have two numbers: one that was asked for and answered is right, whatever stands in the answer.
        harvest.learnt_id = "" if harvest.target.account.platform_id else number
        harvest.handle = username if isinstance(username, str) else ""
        if page.get("is_published") is False:
            raise UnpublishedError(UNPUBLISHED, "unproven")

    def _itself(self, name: str) -> Body:
        token = self._tokens.get(name.lower(), "")
        try:
            return self._client.get(name, "id,username,is_published", token=token)
        except GraphError as error:
            if error.action != "fields":
                raise
            return self._client.get(name, "id", token=token)
