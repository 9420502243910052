"""The command line: ``pantau`` or ``python -m jobs``. Turns every ending into a message and an exit code."""

import importlib
import os
import resource
import signal
import sys
from pathlib import Path
from types import FrameType

import click

from jobs import exit_codes
from jobs.endings import ending
from pantau.core.errors import PantauError

COMMANDS = {
    "demo": "a whole night on bundled data, without credentials",
    "nightly": "tonight's run: collect, check, mail the digest",
    "rerun": "check a range of days again with today's rules",
    "daemon": "run every night by itself, for hosts without cron",
    "import": "take in posts from exported files",
    "rules": "the catalogue of rules: check, eval, list, explain, test, try, report",
    "review": "list findings and record decisions about them",
    "accounts": "the register: check it, look accounts up, and the silence ledger",
    "digest": "show a past digest again, byte for byte",
    "memo": "draft a letter about a finding, or thanks for good work, as DOCX",
    "archive": "all digests and units as a static site that opens without a server",
    "audit": "who decided what, which rule flagged, who received what: show the log, verify it",
    "backup": "everything of this installation in one file, also while a night is running",
    "restore": "put back what a backup holds",
    "purge": "apply the retention rules",
    "export": "all that is held about one unit, for a request under Law 27/2022",
    "status": "last runs, coverage, cost of the month, outbox",
    "probe": "first day with real keys: what works, what it costs, what differs from the expected",
    "doctor": "settings, credentials, database, disk, clock, mail: each with a remedy",
}


class LazyCommands(click.Group):
    """Imports a command's module only when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of the manual."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(
            f"jobs.commands.{cmd_name}_files" if cmd_name == "import" else f"jobs.commands.{cmd_name}"
        )
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One line per command, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    default=Path("pantau.toml"),
    show_default=True,
    help="settings file",
)
@click.option("-v", "--verbose", is_flag=True, help="log every step to stderr")
@click.version_option(package_name="pantau", message="pantau %(version)s")
@click.pass_context
def cli(ctx: click.Context, config: Path, verbose: bool) -> None:
    """Nightly monitor of a regency's official social-media accounts."""
    if ctx.invoked_subcommand != "rules":  # checking rules logs nothing, and must start at once
        from jobs.logs import configure

        configure(verbose=verbose)
    ctx.obj = config


def _interrupt(number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; messages go to stderr."""
    try:
        result = cli.main(args=arguments, prog_name="pantau", standalone_mode=False)
        return result if isinstance(result, int) else exit_codes.DONE
    except click.ClickException as error:
        error.show()
        return exit_codes.BAD_CONFIGURATION
    except (click.Abort, KeyboardInterrupt):
        click.echo("Dihentikan. Yang sudah tersimpan aman; jalankan lagi untuk melanjutkan.", err=True)
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        return exit_codes.DONE
    except PantauError as error:
        return _told(error)
    except Exception as error:  # the last net: whatever it was, the operator sees it and cron sees a failure
        from jobs.logs import log_crash

        log_crash()
        return _told(error)


def _told(error: Exception) -> int:
    end = ending(error)
    click.echo("\n".join(end.lines), err=True)
    return end.exit_code


def main() -> None:
    """Console script. What it writes is its owner's alone, whatever the shell or cron had set, also what libraries write."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold every secret that is in memory
    signal.signal(signal.SIGTERM, _interrupt)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
