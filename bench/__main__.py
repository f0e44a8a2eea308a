"""``python -m bench``: ratios against something measured in the same run, on a database of its own."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from bench import dispatch, lists, media, pages
from bench.fahrplan import main as fahrplan

QUICK, SIZES = (1000, 20_000), (1000, 20_000, 100_000)
PAGES_QUICK, PAGES = (1000, 4000), (10_000, 100_000)
quick = click.option("--quick", is_flag=True, help="Without 100,000 tickets, and each run once.")


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Measure one thing, or dispatch, lists and the Fahrplan one after the other."""
    if context.invoked_subcommand is None:
        for command in (measure_dispatch, measure_lists, fahrplan):
            context.invoke(command)


@main.command("dispatch")
@quick
def measure_dispatch(quick: bool = False) -> None:
    """Claims over HTTP, beside the same claim as one statement by pgbench."""
    with tempfile.TemporaryDirectory(prefix="fahrwerk-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        for line in dispatch.table(Path(folder), QUICK if quick else SIZES, 1 if quick else dispatch.ROUNDS):
            click.echo(line)


@main.command("media")
@click.option("--quick", is_flag=True, help="Encode 15 seconds, once, and cut nothing.")
def measure_media(quick: bool = False) -> None:
    """Cutting, merging and encoding: takes some CPU minutes, so only when it is named."""
    media.main(quick=quick)


@main.command("lists")
@quick
def measure_lists(quick: bool = False) -> None:
    """The pages that list and find tickets, many beside few."""
    with tempfile.TemporaryDirectory(prefix="fahrwerk-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        for line in lists.table(Path(folder), QUICK if quick else (SIZES[0], SIZES[-1])):
            click.echo(line)


@main.command("pages")
@click.option("--quick", is_flag=True, help="1,000 and 4,000 tickets, ten minutes of recording, few turns.")
def measure_pages(quick: bool = False) -> None:
    """The cut page of a long recording in a browser; lists, search and tickets by HTTP, 10,000 and 100,000."""
    with tempfile.TemporaryDirectory(prefix="fahrwerk-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        for line in pages.table(Path(folder), PAGES_QUICK if quick else PAGES, quick=quick):
            click.echo(line)


main.add_command(fahrplan, "fahrplan")

if __name__ == "__main__":
    main()
