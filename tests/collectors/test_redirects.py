"""Nobody outside decides where we call: answers that lead elsewhere are not followed, on any platform."""

import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.base import CollectorError
from collectors.web_client import WebClient
from pantau.core.model import Window
from pantau.core.settings import Network
from tests.collectors.contract.stage import NIGHT, Stage
from tests.collectors.contract.stages import ALL
from tests.servers.base import Fault, LocalServer, Reply, Request, redirect_reply
from tests.servers.picture_server import PictureServer


class Trap(LocalServer):
    """Where nobody should come by."""

    def route(self, request: Request) -> Reply:
        return Reply(200, b"{}")


@pytest.mark.parametrize("kind", ALL, ids=[kind.variant for kind in ALL])
def test_no_service_can_lead_its_collector_and_the_token_to_another_host(kind: type[Stage], tmp_path: Path) -> None:
    with kind(tmp_path / "kantor", people=2) as stage, Trap() as trap:
        for who in range(stage.people):
            stage.publish(who, "satu", NIGHT - timedelta(hours=3))
        for server in stage.servers():
            for status in (301, 307):
                elsewhere = redirect_reply(f"http://localhost:{trap.port}/lain", status)
                server.faults.add(Fault(elsewhere, times=1 if status == 301 else None))
        scans = list(stage.build().collect(stage.targets(), Window(NIGHT - timedelta(days=1), NIGHT)))
        assert {scan.reading.outcome for scan in scans} == {"unread"}
        assert not any(scan.posts for scan in scans)
        assert trap.count() == 0


def test_a_host_below_the_site_that_points_inward_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both names lead to the local server; only the first is allowed to lie inside."""
    names: list[str] = []

    def resolved(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        names.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    with PictureServer({"/rahasia": b"rahasia"}) as server:
        server.files["/umpan"] = redirect_reply(f"http://dalam.dinas.example:{server.port}/rahasia")
        monkeypatch.setattr(socket, "getaddrinfo", resolved)
        hosts = ("dinas.example", "dalam.dinas.example")
        client = WebClient(Network(), timeout_s=5, max_bytes=1000, plain=hosts, inside=hosts[:1])
        with pytest.raises(CollectorError, match="jaringan dalam"):
            client.get(f"http://dinas.example:{server.port}/umpan", {}, lambda host: host in hosts)
        client.close()
        assert [request.path for request in server.log] == ["/umpan"]
        assert set(names) == set(hosts)
