"""Pictures examined by the workers of a cluster."""

import hashlib

from jobs.cluster import Call, Cluster, ShardLostError
from jobs.shards import examine_here
from pantau.checks.pictures import Examined, examine
from pantau.core.errors import PictureError
from pantau.core.pictures import PictureLine

_AHEAD = 2
"""Files on their way for each worker, so that none waits for the next."""
_MOST = 64
"""Files on their way altogether; each may lie in memory at its largest."""


class FarEyes:
    """See ``pantau.checks.pictures.Eyes`` and ``jobs.pictures.FarSighted``."""

    def __init__(self, cluster: Cluster) -> None:
        """Raises ``PictureError`` when no worker can read."""
        if not cluster.ocr:
            raise PictureError("pekerja cluster tidak punya pembaca gambar (tambahan ocr)")
        self.version = cluster.ocr
        self.depth = min(_AHEAD * cluster.workers, _MOST)
        self._cluster = cluster
        self._calls: dict[str, Call[Examined | str]] = {}

    def send(self, data: bytes) -> None:
        """See ``FarSighted``."""
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 not in self._calls:
            self._calls[sha256] = self._cluster.call(examine_here, self.version, data)

    def examine(self, data: bytes, lines: tuple[PictureLine, ...] | None) -> Examined:
        """See ``Eyes``. Raises ``ClusterLostError`` too."""
        if lines is not None:
            return examine(None, data, lines)
        self.send(data)
        try:
            seen = self._calls.pop(hashlib.sha256(data).hexdigest()).result()
        except ShardLostError as error:
            raise PictureError("setiap pekerja cluster yang membacanya mati") from error
        if isinstance(seen, str):
            raise PictureError(seen)
        return seen
