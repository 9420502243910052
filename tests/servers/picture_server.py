"""A server of pictures of ours: serves what a test puts into ``files`` by path; everything else is 404."""

from collections.abc import Mapping

from tests.servers.base import LocalServer, Reply, Request


class PictureServer(LocalServer):
    """Public fields may be changed at any time."""

    def __init__(self, files: Mapping[str, bytes | Reply] | None = None, direct_tls: bool = False) -> None:
        super().__init__(direct_tls=direct_tls)
        self.files: dict[str, bytes | Reply] = dict(files or {})

    def route(self, request: Request) -> Reply:
        """The file of that path."""
        found = self.files.get(request.path)
        if found is None:
            return Reply(404, b"not here")
        return found if isinstance(found, Reply) else Reply(200, found, {"content-type": "image/png"})
