"""``[[office]]`` blocks: what is shared, what is an office's own, and every mistake with the block in which it stands."""

import tomllib
from pathlib import Path

import pytest

from pantau.core.errors import OfficeError, SettingsError
from pantau.core.settings_offices import Installation, installation_from

TWO = """[collect]
first_days = 10
[norms]
desa = { days = 7, grace = 3 }
[rules.status]
one = "uji"
[[office]]
code = "blora"
name = "Kabupaten Blora"
region = "Blora"
[office.norms]
desa = { days = 2, grace = 1 }
[office.rules.status]
two = "nonaktif"
[[office.mail.reader]]
address = "sekda@blora.example"
[[office]]
code = "rembang"
name = "Kabupaten Rembang"
[office.files]
accounts = "daftar-rembang.csv"
"""


def read(text: str) -> Installation:
    return installation_from(tomllib.loads(text), "pantau.toml", Path("/kantor"))


def faults(text: str) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        read(text)
    return [str(problem) for problem in raised.value.problems]


def test_an_office_has_its_own_over_what_is_shared() -> None:
    blora, rembang = read(TWO).offices
    assert (blora.norms.desa.days, rembang.norms.desa.days) == (2, 7)
    assert (blora.rules.status, rembang.rules.status) == ({"one": "uji", "two": "nonaktif"}, {"one": "uji"})
    assert (blora.files.accounts, rembang.files.accounts) == ("blora/accounts.csv", "daftar-rembang.csv")
    assert (len(blora.mail.reader), rembang.mail.reader) == (1, ())
    assert {blora.collect.first_days, rembang.collect.first_days} == {10}
    assert blora.shared_dir == rembang.shared_dir
    assert blora.state_dir != rembang.state_dir
    assert blora.database_url != rembang.database_url


def test_offices_on_one_database_server_have_different_addresses() -> None:
    blora, rembang = read('[store]\nurl = "postgresql://pantau@server/pantau"\n' + TWO).offices
    assert blora.database_url == "postgresql://pantau@server/pantau?pantau_office=blora"
    assert rembang.database_url.endswith("?pantau_office=rembang")


def test_a_file_without_blocks_is_that_of_a_single_office() -> None:
    installation = read('[office]\nname = "Kabupaten Blora"\n')
    assert not installation.several
    assert installation.office() is installation.shared
    assert installation.shared.state_dir == installation.shared.shared_dir == Path("/kantor/data")
    with pytest.raises(OfficeError, match="hilangkan --office"):
        installation.office("blora")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (TWO.replace('code = "blora"\n', ""), "[[office]] #1: kunci code: belum diisi"),
        (TWO.replace('code = "rembang"', 'code = "../luar"'), "[[office]] #2 (../luar): kunci code: belum diisi"),
        (TWO.replace('code = "rembang"', 'code = "blora"'), "[[office]] #2 (blora): kunci code: kode sudah dipakai"),
        (TWO + "[office.norm]\n", "[[office]] #2 (rembang): kunci norm: kunci tidak dikenal"),
        (TWO + "[office.digest]\nmax_temuan = 3\n", "[[office]] #2 (rembang): kunci digest.max_temuan: kunci tidak"),
        (TWO + "[office.collect]\nfirst_days = 3\n", "[[office]] #2 (rembang): kunci collect: bagian ini bersama"),
        (TWO.replace('"Kabupaten Rembang"', '""'), "[[office]] #2 (rembang): kunci name: belum diisi"),
        (
            TWO.replace("daftar-rembang", "blora/accounts"),
            "[[office]] #2 (rembang): kunci files.accounts: daftar akunnya",
        ),
        (TWO + 'state_dir = "x"\n', "[[office]] #2 (rembang): kunci files.state_dir: folder kerja bersama"),
        (TWO.replace("days = 2", "days = 0"), "[[office]] #1 (blora): kunci norms.desa: hari harus"),
        (TWO.replace("first_days = 10", "first_days = 0"), "pantau.toml, kunci collect.first_days: harus lebih besar"),
        (
            '[[mail.reader]]\naddress = "a@b.example"\n' + TWO,
            "pantau.toml, kunci mail.reader: penerima di tingkat atas",
        ),
        ('[store]\nurl = "sqlite:///x.db"\n' + TWO, "pantau.toml, kunci store.url: satu berkas SQLite"),
    ],
    ids=lambda value: "" if value.startswith("[") else value,
)
def test_a_mistake_is_said_once_with_the_block_in_which_it_stands(wrong: str, said: str) -> None:
    found = faults(wrong)
    assert len([one for one in found if said in one]) == 1, found
    assert len(found) == 1 or "code" in said, found
