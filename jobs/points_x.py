"""The points of X that rest on documents alone."""

from collections.abc import Mapping

from jobs.points import Found, Point, bodies, either, items
from pantau.core.exchange import Look

_OLD, _NEW = "edit_history_tweet_ids", ("edit_history_post_ids", "note_post", "referenced_posts")
_CUT_CHARS = 280


def _posts(look: Look, *endpoints: str) -> list[Mapping[str, object]]:
    wanted = endpoints or ("x.search", "x.timeline")
    return [post for body in bodies(look.exchanges, *wanted) for post in items(body, "data")]


def _old_names(look: Look) -> Found:
    posts = _posts(look)
    new = sum(any(name in post for name in _NEW) or _OLD not in post or "created_at" not in post for post in posts)
    return either(len(posts) - new, new, "tweet memakai nama lama")


def _archive(look: Look) -> Found:
    asked = [one for one in look.exchanges if "/tweets/search/all" in one.url]
    return either(
        sum(one.status == 200 for one in asked), sum(one.status == 403 for one in asked), "pencarian arsip dilayani"
    )


def _user_fields(look: Look) -> Found:
    asked = [one for one in look.exchanges if one.endpoint == "x.users" and "most_recent_tweet_id" in one.url]
    refused = sum(one.status == 400 for one in asked)
    users = [user for body in bodies(look.exchanges, "x.users") for user in items(body, "data")]
    shown = sum("most_recent_tweet_id" in user for user in users)
    if refused or not users:
        return either(0, refused, "permintaan kolom pengguna diterima")
    return (
        either(shown, 0, f"pengguna dengan kolom itu (dari {len(users)})")
        if shown
        else Found("refuted", "tidak muncul")
    )


def _reposts(look: Look) -> Found:
    def ids(endpoint: str) -> set[str]:
        return {
            str(post.get("id"))
            for post in _posts(look, endpoint)
            if any(one.get("type") in ("retweeted", "reposted") for one in items(post, "referenced_tweets"))
        }

    searched, listed = ids("x.search"), ids("x.timeline")
    return either(len(searched), len(listed - searched), "tweet ulang tampil dalam pencarian")


def _long(look: Look) -> Found:
    posts = _posts(look)
    whole = sum("note_tweet" in post for post in posts)
    cut = sum("note_tweet" not in post and str(post.get("text", "")).endswith("…") for post in posts)
    plain = sum("note_tweet" not in post and len(str(post.get("text", ""))) > _CUT_CHARS + 40 for post in posts)
    return either(whole, cut + plain, "tweet panjang datang utuh dalam note_tweet")


def _limits(look: Look) -> Found:
    with_limit = sum("x-rate-limit-remaining" in one.headers for one in look.exchanges)
    return either(with_limit, len(look.exchanges) - with_limit, "jawaban menyebut sisa batas laju")


POINTS = (
    Point(
        id="x-old-names",
        platform="x",
        claim="X masih menerima tweet.fields dan menjawab dengan nama lama (edit_history_tweet_ids)",
        check=_old_names,
    ),
    Point(id="x-archive", platform="x", claim="pencarian arsip penuh terbuka bagi aplikasi ini", check=_archive),
    Point(id="x-latest-id", platform="x", claim="pencarian pengguna menyebut most_recent_tweet_id", check=_user_fields),
    Point(id="x-reposts", platform="x", claim="pencarian from: juga memuat tweet ulang", check=_reposts),
    Point(id="x-long", platform="x", claim="tweet lebih dari 280 huruf datang utuh dalam note_tweet", check=_long),
    Point(id="x-limit-headers", platform="x", claim="tiap jawaban menyebut sisa batas laju", check=_limits),
    Point(
        id="x-includes-billed",
        platform="x",
        claim="isi includes tidak ditagih",
        why="jawaban X tidak menyebut harga; Pantau tidak meminta includes. Lihat rincian tagihan di konsol X",
    ),
    Point(
        id="x-billed-once",
        platform="x",
        claim="satu tweet hanya ditagih sekali dalam satu hari UTC",
        why="jawaban X tidak menyebut harga. Bandingkan jumlah di atas dengan tagihan di konsol X",
    ),
)
