import json
import lzma
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from instaloader.instaloadercontext import InstaloaderContext
from instaloader.structures import Post as LibraryPost
from instaloader.structures import Profile, save_structure_to_file

from collectors.files import read_export
from collectors.instagram_parse import to_collected
from collectors.strangers import without_strangers
from pantau.core.errors import ImportFileError, Problem
from pantau.core.model import Account
from tests.servers.instagram_shapes import FakeIgAccount, FakeIgPost, media_node

FIXTURES = Path(__file__).parent.parent / "fixtures" / "instagram"
NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
OFFICE = FakeIgAccount("dinas_contoh", "1001")
ACCOUNTS = [
    Account(platform="instagram", handle="dinas_contoh", unit="1"),
    Account(platform="instagram", handle="album_contoh", unit="2", platform_id="305701719"),
    Account(platform="instagram", handle="lama_contoh", unit="3", platform_id="1518284433"),
]


@pytest.fixture
def context() -> InstaloaderContext:
    return InstaloaderContext(quiet=True)


def saved_by_library(context: InstaloaderContext, node: dict[str, Any], path: Path) -> Path:
    save_structure_to_file(LibraryPost.from_iphone_struct(context, node), str(path))
    return path


def problems(path: Path, kind: Any = "auto") -> tuple[Problem, ...]:
    with pytest.raises(ImportFileError) as caught:
        read_export(path, kind, ACCOUNTS)
    return caught.value.problems


@pytest.mark.parametrize("name", ["a.json", "a.json.xz"])
def test_a_post_saved_by_instaloader_is_the_post_that_a_night_would_have_read(
    tmp_path: Path, context: InstaloaderContext, name: str
) -> None:
    node = media_node(OFFICE, FakeIgPost(NOW, "Jadwal 🎉", kind="carousel", alt="papan", pinned=True))
    (read,) = read_export(saved_by_library(context, node, tmp_path / name), "auto", ACCOUNTS)
    assert read == to_collected(node, "instagram:@dinas_contoh")
    assert read.post.text == "Jadwal 🎉"


def test_recorded_media_of_the_real_service_survive_the_way_through_the_library(
    tmp_path: Path, context: InstaloaderContext
) -> None:
    for name in ("carousel", "video"):
        node = json.loads((FIXTURES / f"pgrimaud_api_v1_media_info_{name}.json").read_text("utf-8"))["items"][0]
        saved_by_library(context, node, tmp_path / f"{name}.json.xz")
    posts = [one.post for one in read_export(tmp_path, "auto", ACCOUNTS)]
    assert [(post.post_id, post.kind, post.account) for post in posts] == [
        ("CAnqPB-Jzcj", "post", "instagram:305701719"),
        ("CAG3E8-A3wf", "video", "instagram:305701719"),
    ]


def test_the_older_graphql_form_is_read(tmp_path: Path) -> None:
    recorded = json.loads((FIXTURES / "pgrimaud_graphql_edge_owner_to_timeline_media.json").read_text("utf-8"))
    edges = recorded["data"]["user"]["edge_owner_to_timeline_media"]["edges"]
    for number, edge in enumerate(edges):
        structure = {"node": edge["node"], "instaloader": {"version": "4.9", "node_type": "Post"}}
        (tmp_path / f"{number:02}.json").write_text(json.dumps(structure), "utf-8")
    collected = list(read_export(tmp_path, "auto", ACCOUNTS))
    assert len(collected) == len(edges)
    post, node = collected[0].post, edges[0]["node"]
    assert (post.post_id, post.kind, post.account) == ("B7eUksNFA-K", "video", "instagram:1518284433")
    assert post.text == node["edge_media_to_caption"]["edges"][0]["node"]["text"]
    assert post.published_at == datetime.fromtimestamp(node["taken_at_timestamp"], UTC)
    assert post.metrics == {"comments": 1939, "likes": 695047, "views": 2726827}
    assert post.media[0].url == node["display_url"]
    assert json.loads(collected[0].raw) == without_strangers(node), (
        "what was saved is kept as evidence, not our reading of it"
    )
    albums = [one.post for one in collected if len(one.post.media) > 1]
    assert len(albums) == sum("edge_sidecar_to_children" in edge["node"] for edge in edges)


def test_a_collaboration_is_filed_under_the_registered_partner(tmp_path: Path, context: InstaloaderContext) -> None:
    accounts = [Account(platform="instagram", handle="dinas_contoh", unit="1", platform_id="1001")]
    node = media_node(OFFICE, FakeIgPost(NOW, "bersama", author=("2002", "kecamatan_contoh")))
    (read,) = read_export(saved_by_library(context, node, tmp_path / "a.json"), "instaloader", accounts)
    assert read.post.account == "instagram:1001"


def test_other_files_of_a_download_folder_are_passed_over(tmp_path: Path, context: InstaloaderContext) -> None:
    saved_by_library(context, media_node(OFFICE, FakeIgPost(NOW)), tmp_path / "2026-11-20_UTC.json.xz")
    profile = Profile(context, {"id": "1001", "username": "dinas_contoh"})
    save_structure_to_file(profile, str(tmp_path / "dinas_contoh_1001.json.xz"))
    (tmp_path / "2026-11-20_UTC_comments.json").write_text("[]", "utf-8")
    (tmp_path / "2026-11-20_UTC.jpg").write_bytes(b"\xff\xd8")
    assert len(list(read_export(tmp_path, "auto", ACCOUNTS))) == 1
    assert "bukan unggahan" in problems(tmp_path / "dinas_contoh_1001.json.xz")[0].what


def test_an_unregistered_owner_is_named(tmp_path: Path, context: InstaloaderContext) -> None:
    node = media_node(FakeIgAccount("orang_lain", "9"), FakeIgPost(NOW))
    path = saved_by_library(context, node, tmp_path / "a.json")
    (problem,) = problems(path)
    assert (problem.file, problem.value) == (str(path), "@orang_lain")


@pytest.mark.parametrize(
    "content",
    [
        lzma.compress(b"{}")[:20],
        lzma.compress(b"not json"),
        lzma.compress(b'{"node": {}, "instaloader": {"node_type": "Post"}}'),
        b'{"node": {"shortcode": "B7eUksNFA-K"}, "instaloader": {"node_type": "Post"}}',
        b'{\n "instaloader": {"node_type": "Post"},\n "node": {"shortcode": "x", "owner": {"username": "dinas_contoh"}}\n}',
        b'{"node": [], "instaloader": {"node_type": "Post"}}',
    ],
    ids=range(6),
)
def test_a_damaged_file_is_a_problem_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    assert problems(path, "instaloader")[0].file == str(path)


def test_a_packed_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json.xz"
    path.write_bytes(lzma.compress(b" " * 30_000_000, preset=0))
    assert path.stat().st_size < 50_000
    assert "lebih besar" in problems(path)[0].what
