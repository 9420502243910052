"""The examples for running Pantau on a server: units that systemd accepts, a container file that needs no secret."""

import configparser
import re
import shlex
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from shutil import which

import pytest

from jobs.__main__ import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"
SERVICES = sorted((EXAMPLES / "systemd").glob("*.service"))
TIMERS = sorted((EXAMPLES / "systemd").glob("*.timer"))
HARDENED = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "UMask": "0077",
    "CapabilityBoundingSet": "",
    "User": "pantau",
}


def unit(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names of options keep their capitals
    parser.read_string(path.read_text("utf-8"))
    return parser


def instructions() -> list[tuple[str, str]]:
    text = (EXAMPLES / "Containerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in lines)]


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_service_runs_a_known_command_as_an_ordinary_user_in_a_closed_room(path: Path) -> None:
    service = unit(path)["Service"]
    assert {name: service.get(name) for name in HARDENED} == HARDENED
    assert "/srv/pantau/data" in service["ReadWritePaths"].split()
    words = re.search(r"bin/pantau (\w+)", service["ExecStart"])
    assert words is not None
    assert words[1] in COMMANDS


def test_secrets_reach_the_night_as_credentials_and_never_as_environment() -> None:
    text = (EXAMPLES / "systemd" / "pantau.service").read_text("utf-8")
    loaded = re.findall(r"^LoadCredential=([\w-]+):", text, re.M)
    named = re.findall(r'"file:/run/credentials/pantau\.service/([\w-]+)"', text)
    assert loaded == named == ["x-token", "mail-password"]
    assert not re.search(r"^Environment(File)?=.*(TOKEN|PASSWORD|SECRET|KEY)", text, re.M | re.I)


def test_every_timer_starts_its_service_at_a_time_of_jakarta_and_catches_up() -> None:
    assert {path.stem for path in TIMERS} == {path.stem for path in SERVICES} == {"pantau", "pantau-backup"}
    for path in TIMERS:
        timer = unit(path)["Timer"]
        assert timer["OnCalendar"].endswith(" Asia/Jakarta")
        assert timer["Persistent"] == "yes"


@pytest.mark.skipif(which("systemd-analyze") is None, reason="systemd-analyze is not on this machine")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    program = tmp_path / "pantau"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for path in (*SERVICES, *TIMERS):
        text = path.read_text("utf-8").replace("/srv/pantau/.venv/bin/pantau", str(program))
        (tmp_path / path.name).write_text(text)
    files = [str(tmp_path / path.name) for path in (*SERVICES, *TIMERS)]
    checked = subprocess.run(["systemd-analyze", "verify", *files], capture_output=True, text=True, timeout=60)
    complaints = [line for line in checked.stderr.splitlines() if "pantau" in line]
    assert (checked.returncode, complaints) == (0, [])


def test_everything_the_container_copies_exists_and_is_let_through_to_the_builder() -> None:
    let_through = re.findall(r"^!(\S+)", (EXAMPLES / "Containerfile.dockerignore").read_text("utf-8"), re.M)
    copied = [shlex.split(rest)[:-1] for name, rest in instructions() if name == "COPY" and "--from=" not in rest]
    sources = [source.removeprefix("./") for sources in copied for source in sources]
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert sorted(sources) == sorted(let_through)


def test_the_container_holds_all_that_the_wheel_is_made_of() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {
        *wheel["packages"],
        *wheel["force-include"],
        project["project"]["readme"],
        *project["project"]["license-files"],
    }
    copied = " ".join(rest for name, rest in instructions() if name == "COPY")
    assert {name for name in needed if not re.search(rf"(^| ){re.escape(name)} ", copied)} == set()


def test_the_container_is_built_without_a_secret_and_without_a_named_registry() -> None:
    steps = instructions()
    assert {rest.split()[0] for name, rest in steps if name == "FROM"} == {"python:3.11-slim"}
    assert not [name for name, _ in steps if name == "ARG"]
    told = " ".join(rest for name, rest in steps if name in ("ENV", "RUN", "COPY"))
    assert not re.search(r"(?i)token|password|secret|--mount|index-url|https?://", told)
    assert "--require-hashes -r requirements.lock" in told


def test_the_container_runs_as_an_ordinary_user_with_its_state_in_a_volume_and_a_real_health_check() -> None:
    steps = dict(instructions())
    assert steps["USER"] == "10001:10001"
    assert steps["VOLUME"] == steps["WORKDIR"] == "/srv/pantau"
    assert "TZ=Asia/Jakarta" in steps["ENV"]
    assert steps["HEALTHCHECK"].endswith('CMD ["pantau", "status", "--fresh-hours", "26"]')
    assert (steps["ENTRYPOINT"], steps["CMD"]) == ('["pantau"]', '["nightly"]')


def test_secrets_and_settings_of_the_folder_do_not_reach_the_builder() -> None:
    lines = (EXAMPLES / "Containerfile.dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    allowed = [rule[1:] for rule in rules if rule.startswith("!")]
    for name in ("pantau.toml", "accounts.csv", "data", "session.json", ".env", ".git"):
        assert not any(fnmatch(name, rule) for rule in allowed), name


def test_the_log_that_cron_appends_to_is_the_one_that_is_rotated() -> None:
    rotated = re.findall(r"^(/\S+) \{", (EXAMPLES / "logrotate.conf").read_text("utf-8"), re.M)
    crontab = (ROOT / "crontab.example").read_text("utf-8")
    home = re.search(r"^PANTAU_HOME=(\S+)", crontab, re.M)
    assert home is not None
    appended = {f"{home[1]}/{name}" for name in re.findall(r">>(\S+)", crontab)}
    assert set(rotated) == appended
