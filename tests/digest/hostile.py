"""A night whose posts, names and answers try everything against the documents made of them."""

import msgspec

from pantau.core.model import Evidence
from pantau.digest.model import DigestInput
from tests.digest import sample

TEXTS = (
    "<script>alert(1)</script>",
    "</td></table><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "{{ 7*7 }}{% raw %}",
    "a\u0301" * 400,
    "W" * 6000,
    "🎆" * 40,
    "ꦱꦸꦒꦼꦁꦫꦮꦸꦃ Nginggih, sugeng rawuh",
    "-->]]><!--[if mso]>",
    "&lt;b&gt; &amp; &#x3c;script&#x3e;",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    '=HYPERLINK("http://jahat.example","klik")',
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "<img src='file:///etc/passwd'><link rel=attachment href='file:///etc/passwd'>",
    "javascript:alert(1)",
    "baris satu\r\nBcc: orang@jahat.example\r\n\r\nbaris dua",
    "kanan\u202eke kiri\u202c \u2066selesai",
    "tanda\u0092kutip\x00nol\x1b[31mmerah",
    "../../../../etc/passwd",
    "{{ 7 * 7 }}{% for i in range(9) %}x{% endfor %}{{ cycler.__init__.__globals__ }}",
    "_x000D_&amp;]]><w:p/>",
    "\ud800 potongan",
)
FORBIDDEN = ("\u202e", "\u202c", "\u2066", "\u0092", "\x00", "\x1b", "\r\nBcc")


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


def night_of(text: str) -> DigestInput:
    """The rich night with this text in every place that comes from outside."""
    data = sample.rich()
    post = msgspec.structs.replace(
        sample.PARTY, text=f"{text} coblos {text}", image_text=text, url=f"https://x.com/{text}"
    )
    odd = msgspec.structs.replace(sample.GOOD_CLINIC, text=text * 3 + "x" * 80)
    start = len(text) + 1
    bad = sample.finding(
        "ajakan-memilih",
        "NTR",
        "tinggi",
        post,
        Evidence(field="text", start=start, end=start + 6, quote="coblos", cancelled_by=text, note=text),
        Evidence(field="ledger", quote=text),
        message=text or "kosong",
        basis=text,
    )
    first = data.accounts[0]
    return msgspec.structs.replace(
        data,
        versions={post.key: sample.versions(post, f"{text} pilih {text}")},
        office=msgspec.structs.replace(
            data.office, name=f"Kabupaten {text}", contact=text, department=text, address=text
        ),
        readers=(text,),
        units=tuple(msgspec.structs.replace(unit, name=f"{unit.name} {text}") for unit in data.units),
        accounts=(msgspec.structs.replace(first, handle=f"dinkes{text}"), *data.accounts[1:]),
        observations=tuple(msgspec.structs.replace(item, reason=text) for item in data.observations),
        findings=(*(f for f in data.findings if f.post != post.key), bad),
        posts=data.posts | {post.key: post, odd.key: odd},
        answers={bad.key: text, sample.SILENT.key: text},
        notes=(text,),
        decisions=(
            msgspec.structs.replace(
                data.decisions[0], decision=msgspec.structs.replace(data.decisions[0].decision, by=text, note=text)
            ),
        ),
        rule_failures=(msgspec.structs.replace(data.rule_failures[0], rule_id=text, what=text),),
        trial_hits={text: 3},
        demoted=tuple(msgspec.structs.replace(item, rule_id=text) for item in data.demoted),
    )
