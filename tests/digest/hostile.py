"""A night whose posts, names and answers try everything against the documents made of them."""

import msgspec

from pantau.core.model import Evidence
from pantau.digest.model import DigestInput
from tests.digest import sample

TEXTS = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    '=HYPERLINK("http://jahat.example","klik")',
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "<img src='file:///etc/passwd'><link rel=attachment href='file:///etc/passwd'>",
    "javascript:alert(1)",
    "baris satu\r\nBcc: orang@jahat.example\r\n\r\nbaris dua",
    "kanan\u202eke kiri\u202c selesai",
    "tanda\u0092kutip\x00nol\x1b[31mmerah",
    "../../../../etc/passwd",
    "{{ 7 * 7 }}{% for i in range(9) %}x{% endfor %}{{ cycler.__init__.__globals__ }}",
    "_x000D_&amp;]]><w:p/>",
    "\ud800 potongan",
)
FORBIDDEN = ("\u202e", "\u202c", "\u0092", "\x00", "\x1b", "\r\nBcc")


def night() -> DigestInput:
    """The rich night with one flagged post per hostile text, and hostile names around them."""
    data = sample.rich()
    posts = dict(data.posts)
    findings = list(data.findings)
    categories = dict(data.categories)
    answers = dict(data.answers)
    for number, text in enumerate(TEXTS):
        item = sample.post(
            "pupr_arunika", 1990000000000000100 + number, text, hours_ago=2, url="javascript:alert(document.cookie)"
        )
        posts[item.key] = item
        categories[item.key] = "pribadi"
        evidence = Evidence(field="text", start=0, end=len(text), quote=text, note=text)
        found = sample.finding("kata-kasar", "BHS", "sedang", item, evidence, message=text, basis=text)
        findings.append(found)
        answers[found.key] = text
    units = tuple(
        msgspec.structs.replace(unit, name=f"{TEXTS[n % len(TEXTS)]} {unit.name}", head_name=TEXTS[n % len(TEXTS)])
        for n, unit in enumerate(data.units)
    )
    observations = tuple(
        msgspec.structs.replace(item, reason=f"{item.reason} {TEXTS[n % len(TEXTS)]}")
        for n, item in enumerate(data.observations)
    )
    office = msgspec.structs.replace(
        data.office, letterhead=(TEXTS[0], TEXTS[5]), address=TEXTS[12], reach=TEXTS[8], name=f"Kabupaten {TEXTS[13]}"
    )
    return msgspec.structs.replace(
        data,
        posts=posts,
        findings=tuple(findings),
        categories=categories,
        answers=answers,
        units=units,
        observations=observations,
        office=office,
    )
