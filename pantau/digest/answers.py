"""The way back: links that open a finished mail with a reply code, what the mailbox brought, and what it could not read.

A page is drawn once for all readers, with unsigned codes; ``ReplyKey.signed`` makes them each reader's own.
"""

import re
from urllib.parse import quote

from pantau.core.letters import LetterOutcome
from pantau.core.model import DecisionAction
from pantau.core.tokens import UNSIGNED, unsigned
from pantau.digest import clean, words
from pantau.digest.blocks import Entry, Lines, Link
from pantau.digest.context import Context

LONGEST_LINK_CHARS = 1600
"""Mail programs begin to cut longer ones."""
_LABELS: dict[DecisionAction, str] = {
    "dismiss": "Bukan pelanggaran",
    "followed_up": "Sudah ditindaklanjuti",
    "answer": "Hak jawab",
    "undo": "Batalkan",
}
_NOTE_LABELS: dict[DecisionAction, str] = {"answer": "Jawaban unit:"}
NOTE_LABEL = "Catatan:"
_SHOWN_LETTERS = 20
_RANK: dict[LetterOutcome, int] = {"bounce": 0, "refused": 1}

_HTML_LINKS = re.compile(r'<p class="a"[^>]*>.*?</p>\n?', re.DOTALL)
_TEXT_LINK = re.compile(rf"^[^\n]*\smailto:\S*{UNSIGNED}\S*\n", re.MULTILINE)


def links(ctx: Context, finding_key: str, *actions: DecisionAction) -> tuple[Link, ...]:
    """One link per action; none where the mailbox is not read, or for a finding without a key."""
    way = ctx.data.reply
    if way is None or not finding_key:
        return ()
    made = []
    for action in (action for action in actions if action in way.actions):
        code = unsigned(ctx.today, finding_key, action, way.key_id)
        subject = f"{_LABELS[action]} [{code}]"
        body = f"Kode {code}\r\n{_NOTE_LABELS.get(action, NOTE_LABEL)} "
        url = (
            f"mailto:{quote(way.address, safe='@.+-_')}?subject={quote(subject, safe='')}&body={quote(body, safe=':')}"
        )
        made.append(Link(_LABELS[action], url, action))
    return tuple(made)


def unlinked_page(html: str) -> str:
    """A page without its reply links: outside a reader's own mail they would do nothing."""
    return _HTML_LINKS.sub("", html)


def unlinked_text(text: str) -> str:
    """The plain twin without its reply links."""
    return _TEXT_LINK.sub("", text)


def letters(ctx: Context) -> Lines:
    """Mails of ours that came back, then answers of readers that were refused, then what nobody understands.

    Strangers come last: however many write, they push no reader's mail out of the list.
    """
    shown = [letter for letter in ctx.data.letters if letter.outcome not in ("decision", "auto", "own")]
    shown.sort(key=lambda letter: (_RANK.get(letter.outcome, len(_RANK)), letter.sender, letter.letter_id))
    entries = []
    for letter in shown[:_SHOWN_LETTERS]:
        sender = clean.line(letter.sender, 80) or "pengirim tidak jelas"
        if letter.outcome == "bounce":
            entries.append(Entry("Surel kembali", f"{sender}: {clean.line(letter.reason, 160)}"))
            continue
        sent = f", {ctx.moment(letter.sent_at)}" if letter.sent_at else ""
        subject = clean.quoted(letter.subject, 80)
        about = f" “{subject}”" if subject else ""
        entries.append(Entry(sender, f"surel{about}{sent}: {clean.line(letter.reason, 160)}"))
    if len(shown) > _SHOWN_LETTERS:
        more = words.counted(len(shown) - _SHOWN_LETTERS, "surel")
        entries.append(Entry("Lainnya", f"{more} lagi di kotak masuk Pantau"))
    return Lines(tuple(entries))


def warning(ctx: Context) -> str:
    """That answers could not be read, and since when; empty when they were."""
    down = ctx.data.mailbox_down
    if down is None:
        return ""
    since = f"sejak {ctx.moment(down.since)}" if down.since else "sampai sekarang"
    return (
        f"Jawaban lewat surel belum terbaca {since}: {clean.line(down.problem)} Keputusan yang sudah dikirim tidak "
        "hilang; semuanya dibaca begitu kotak surat terbuka lagi."
    )
