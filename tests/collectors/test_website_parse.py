"""Dates, encodings, ids and text of feeds."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from collectors.website_dates import parse_date
from collectors.website_parse import Feed, parse_feed
from collectors.website_text import read_html

JAKARTA = ZoneInfo("Asia/Jakarta")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("05 Agustus 2019", "2019-08-04T17:00"),
        ("Sen, 05 Agu 2019 10:00 +0700", "2019-08-05T03:00"),
        ("Sen, 05 Agu 2019 10:00:00 WIB", "2019-08-05T03:00"),
        ("Mon, 05 Aug 2019 10:00:00 WITA", "2019-08-05T02:00"),
        ("5 Agustus 2019 pukul 10.00 WIT", "2019-08-05T01:00"),
        ("05/08/2019", "2019-08-04T17:00"),
        ("05-08-2019 10:30", "2019-08-05T03:30"),
        ("2019-08-05T10:00:00Z", "2019-08-05T10:00"),
        ("2019-08-05 10:00:00", "2019-08-05T03:00"),
        ("2019-08-05T10:00:00+07:00", "2019-08-05T03:00"),
        ("Mon, 05 Aug 2019 10:00:00 GMT", "2019-08-05T10:00"),
        ("Mon, 05 Aug 2019 10:00:00 -0530", "2019-08-05T15:30"),
        ("Mon, 5 Aug 19 10:00 EST", "2019-08-05T15:00"),
        ("Agustus 5, 2019 3:15 pm", "2019-08-05T08:15"),
        ("Jum'at, 10 Nopember 2023 | 07.15 WIB", "2023-11-10T00:15"),
        ("Rabu, 1 Mei 2024", "2024-04-30T17:00"),
        ("31-Des-2024 23:59", "2024-12-31T16:59"),
    ],
)
def test_dates_as_indonesian_sites_write_them(text: str, expected: str) -> None:
    assert parse_date(text, JAKARTA) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "kemarin", "0000-00-00 00:00:00", "Thu, 01 Jan 1970 00:00:00 +0000", "32 Mei 2024", "Wed, 30 Nov -0001"],
)
def test_fillers_are_no_dates(text: str) -> None:
    assert parse_date(text, JAKARTA) is None


def rss(items: str, encoding: str = "UTF-8", declared: str = "") -> bytes:
    head = f'<?xml version="1.0" encoding="{declared or encoding}"?><rss version="2.0"><channel><title>x</title>'
    text = f"{head}{items}</channel></rss>"
    return text.encode(encoding)


def read(body: bytes, content_type: str = "application/rss+xml", url: str = "https://desa.go.id/feed") -> Feed:
    return parse_feed(body, {"content-type": content_type}, url, "desa.go.id", JAKARTA)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (rss("<item><title>Café “Désa”</title></item>"), "application/rss+xml"),
        (rss("<item><title>Café “Désa”</title></item>", declared="ISO-8859-1"), "text/xml; charset=iso-8859-1"),
        (rss("<item><title>Café “Désa”</title></item>", "windows-1252"), "text/xml"),
        (rss("<item><title>Café “Désa”</title></item>", "windows-1252", "UTF-8"), "text/xml; charset=utf-8"),
        (rss("<item><title>Café “Désa”</title></item>", "utf-16"), "application/xml"),
        (rss("<item><title>Café “Désa”</title></item>"), "text/html; charset=UTF-8"),
    ],
)
def test_letters_survive_whatever_server_and_document_claim(body: bytes, content_type: str) -> None:
    assert [entry.text for entry in read(body, content_type).entries] == ["Café “Désa”"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><head><title>Error</title></head><body>Fatal error</body></html>",
        b'{"ok": true}',
        b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaa">]><rss version="2.0"><channel></channel></rss>',
        b"\x00\x01\x02",
        b'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"></urlset>',
    ],
)
def test_what_is_no_feed_has_no_version(body: bytes) -> None:
    assert read(body).version == ""


def test_a_feed_that_is_only_badly_written_is_whole_and_one_that_breaks_off_is_not() -> None:
    item = "<item><title>A & B</title><guid>1</guid></item>"
    assert (read(rss(item)).whole, len(read(rss(item)).entries)) == (True, 1)
    assert not read(rss(item * 3)[:-40]).whole


def test_an_id_does_not_change_with_scheme_or_www_and_never_leaves_the_site() -> None:
    def ident(guid: str) -> str:
        return read(rss(f"<item><title>t</title><guid>{guid}</guid></item>")).entries[0].entry_id

    assert (
        len({ident(f"{start}desa.go.id/?p=7") for start in ("http://", "https://", "https://www.", "HTTP://WWW.")}) == 1
    )
    assert ident("https://lain.go.id/?p=7") == "desa.go.id#lain.go.id/?p=7"
    assert ident("7") == "desa.go.id#7"
    assert len(ident("x" * 5000)) < 100
    assert (
        len(
            {
                entry.entry_id
                for entry in read(rss("<item><title>a</title></item><item><title>b</title></item>")).entries
            }
        )
        == 2
    )


def test_html_becomes_plain_text_and_its_pictures_are_kept() -> None:
    html = (
        "<p>Warga&nbsp;<b>Desa</b> &amp; kecamatan</p><script>alert(1)</script><style>p{}</style>"
        '<ul><li>satu<li>dua</ul><img src="/a.jpg" alt="Kegiatan"><img src="javascript:x">'
    )
    assert read_html(html)[0] == "Warga Desa & kecamatan\nsatu\ndua"
    body = rss(f"<item><title>Judul</title><description><![CDATA[{html}]]></description></item>")
    entry = read(body).entries[0]
    assert entry.text == "Judul\n\nWarga Desa & kecamatan\nsatu\ndua"
    assert [(one.url, one.alt) for one in entry.media] == [("https://desa.go.id/a.jpg", "Kegiatan")]


def test_a_date_in_the_address_counts_when_the_feed_names_none() -> None:
    body = rss("<item><title>t</title><link>https://desa.go.id/2026/11/05/kerja-bakti/</link></item>")
    assert read(body).entries[0].published == datetime(2026, 11, 4, 17, tzinfo=UTC)
