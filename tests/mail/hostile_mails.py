"""Mails made to break a reader of mails, or to slip a decision past it. None of them may decide anything."""

import base64
import io
import random
import zipfile
from email.utils import formatdate
from zlib import crc32

from tests.delivery.test_mailbox_rules import mangled
from tests.mail.real_office import OWN

_DATE = formatdate(1_795_000_000)
MANGLED = 25
"""How many of the thousand mangled codes of ``tests/delivery`` travel as real mail."""


def hostile(genuine: str, reader: str, borrowed_id: str) -> dict[str, bytes]:
    """The corpus. ``genuine``: a code that is good for ``reader``; ``borrowed_id``: Message-ID of a mail still to come."""
    decide = f"Kode {genuine}\r\n".encode()
    mails = _broken(decide, reader) | _heavy(decide, reader) | _odd_words(decide, reader) | _tricks(decide, reader)
    mails["the Message-ID of a good mail"] = _mail(decide, "orang@luar.example", message_id=borrowed_id)
    draw = random.Random(5)
    for number in range(MANGLED):
        broken = mangled(genuine, draw)
        while broken == genuine:
            broken = mangled(genuine, draw)
        mails[f"mangled code {number}"] = _mail(f"Kode {broken}\r\nCatatan: x\r\n".encode(), reader, number=number)
    return mails


def _head(sender: str, subject: str, message_id: str, number: int) -> bytes:
    made = message_id or f"<{crc32(repr((sender, subject, number)).encode()):x}@luar.example>"
    lines = (f"From: {sender}", f"To: {OWN}", f"Subject: {subject}", f"Date: {_DATE}", f"Message-ID: {made}")
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape")


def _mail(
    body: bytes,
    sender: str,
    *,
    subject: str = "Bukan pelanggaran",
    headers: bytes = b"",
    message_id: str = "",
    number: int = 0,
) -> bytes:
    return _head(sender, subject, message_id, number) + headers + b"\r\n" + body


def _typed(kind: str, body: bytes, sender: str, subject: str, more: bytes = b"") -> bytes:
    headers = f"MIME-Version: 1.0\r\nContent-Type: {kind}\r\n".encode() + more
    return _mail(body, sender, subject=subject, headers=headers)


def _broken(decide: bytes, reader: str) -> dict[str, bytes]:
    """MIME that does not hold together. The codes are in parts that nobody may take for the sender's words."""
    outsider = "orang@luar.example"
    deep = b"".join(
        f'--b{n}\r\nContent-Type: multipart/mixed; boundary="b{n + 1}"\r\n\r\n'.encode() for n in range(3000)
    )
    inside = b"Content-Type: message/rfc822\r\n\r\n" * 800
    return {
        "no boundary": _typed("multipart/mixed", decide, outsider, "tanpa batas"),
        "a boundary that never comes": _typed('multipart/mixed; boundary="x"', decide, outsider, "batas hilang"),
        "a boundary that never ends": _typed(
            'multipart/mixed; boundary="x"',
            b"--x\r\nContent-Type: text/plain\r\n\r\n" + decide,
            outsider,
            "tak berakhir",
        ),
        "3,000 parts inside each other": _typed('multipart/mixed; boundary="b0"', deep + decide, reader, "bersarang"),
        "800 mails inside each other": _typed("message/rfc822", inside + decide, reader, "surat dalam surat"),
        "base64 that is none": _typed(
            "text/plain", b"=====!!!!\xff\xfe" + decide, outsider, "base64", b"Content-Transfer-Encoding: base64\r\n"
        ),
        "a delivery report of rubbish": _typed(
            'multipart/report; report-type=delivery-status; boundary="x"',
            b"--x\r\nContent-Type: message/delivery-status\r\n\r\nFinal-Recipient\r\n\r\n: failed\r\n\r\n--x--\r\n",
            "MAILER-DAEMON@luar.example",
            "Undelivered",
        ),
        "no headers at all": b"\r\n" + decide,
        "nothing at all": b"\r\n",
        "only bytes": bytes(range(128, 256)) * 400 + b"\r\n\r\n" + bytes(range(1, 256)),
        "a date that is none": _mail(b"halo\r\n", outsider, headers=b"Date: kemarin sore, 99 Foo 0000 77:99\r\n"),
    }


def _heavy(decide: bytes, reader: str) -> dict[str, bytes]:
    """Much of something. The 30 MB mail has a good code, and is still not read: a mail of that size is for a person."""
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("laporan.xlsx", b"\0" * 300_000_000)
    attached = base64.encodebytes(bomb.getvalue()).replace(b"\n", b"\r\n")
    line = b"A" * 76 + b"\r\n"
    return {
        "30 MB": _typed("text/plain", decide + line * 400_000, reader, "terlalu besar"),
        "a subject of 2 MB": _mail(decide, "orang@luar.example", subject="x" * 2_000_000),
        "20,000 headers": _mail(
            decide, "orang@luar.example", headers=b"".join(b"X-%d: y\r\n" % n for n in range(20_000))
        ),
        "a zip that unpacks to 300 MB": _typed(
            'application/zip; name="laporan.zip"',
            attached,
            reader,
            "lampiran",
            b"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n",
        ),
        "a page of 200,000 open elements": _typed("text/html", b"<div><!--" * 200_000, reader, "halaman"),
        "10,000 parts": _typed(
            'multipart/mixed; boundary="x"', b"--x\r\n\r\nisi\r\n" * 10_000 + b"--x--\r\n", reader, "banyak"
        ),
    }


def _odd_words(decide: bytes, reader: str) -> dict[str, bytes]:
    """Character sets that are no character sets, bytes that are no letters, letters that turn the line around."""
    made = {
        f"charset {name}": _typed(
            f'text/plain; charset="{name}"', b"halo \xff\xfe\x80 \\u0041\r\n", reader, f"huruf {name}"
        )
        for name in ("tidak-ada", "unicode_escape", "zip", "rot13", "undefined", "x" * 500, "../../utf-8")
    }
    outsider = "orang@luar.example"
    return made | {
        "null bytes": _mail(b"a\0b\0" + decide, outsider, subject="nol\0nol"),
        "right to left": _mail(b"halo\r\n", outsider, subject="laporan \u202ecod.exe\u2066 \x92 \u200b"),
        "an encoded word that is none": _mail(
            b"halo\r\n", '"=?utf-8?b?!!!!?=" <orang@luar.example>', subject="=?x-tidak-ada?q?=FF=FE?= =?utf-8?b?_?="
        ),
        "markup in the subject": _mail(
            b"halo\r\n", outsider, subject="<script>alert(1)</script> {{ 7*7 }} =cmd|' /C calc'!A0 %s %n"
        ),
        "a name of 5,000 signs": _mail(b"halo\r\n", "W" * 5000 + " <orang@luar.example>"),
        "surrogates": _mail(b"halo\r\n", outsider, subject="\udcff\udcfe luar"),
    }


def _tricks(decide: bytes, reader: str) -> dict[str, bytes]:
    """A good code, and a sender who is not the one it was made for."""
    outsider = "orang@luar.example"
    return {
        "the reader's address as a name": _mail(decide, f'"{reader}" <{outsider}>'),
        "two addresses in From": _mail(decide, f"{outsider}, {reader}"),
        "From twice": _mail(decide, outsider, headers=f"From: {reader}\r\n".encode()),
        "From inside a comment": _mail(decide, f"{outsider} ({reader})"),
        "From with a bare return": _head(f"{outsider}\rFrom: {reader}", "akal", "", 0) + b"\r\n" + decide,
        "From of nobody": _mail(decide, "undisclosed-recipients:;"),
        "Sender and Reply-To": _mail(decide, outsider, headers=f"Sender: {reader}\r\nReply-To: {reader}\r\n".encode()),
        "look-alike letters": _mail(decide, reader.replace("e", "\u0435")),
        "a blank before the header": b" From: x\r\n" + _mail(decide, outsider),
        "a vacation answer": _mail(decide, reader, headers=b"Auto-Submitted: auto-replied\r\n"),
        "mail of a list": _mail(decide, reader, headers=b"List-Id: <warga.lists.example>\r\n"),
    }
