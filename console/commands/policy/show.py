"""`throughline policy show`: the agreement as a document that both teams can read and sign."""

from pathlib import Path

import click

from console import output
from console.policy_file import POLICY_FILE, load, policy_in_use

_STDOUT = "-"


@click.command()
@click.argument("file", required=False, type=POLICY_FILE)
@click.option(
    "--html",
    is_flag=False,
    flag_value=_STDOUT,
    metavar="[FILE]",
    help="As one page of HTML to print and sign, into FILE or, without one, to stdout.",
)
def show(file: Path | None, html: str | None) -> None:
    """The agreement in FILE as a document: terms, stages, owners, limits, signature lines.

    Default: THROUGHLINE_POLICY, else the default policy; never one that a running instance has adopted.

    \b
    Example:
      throughline policy show --html agreement.html
    """
    from console.paper.document import paper_of

    paper = paper_of(load(policy_in_use(file)))
    if html is None:
        from console.paper.terminal import render

        render(paper, output.people())
        return
    from console.paper.page import page

    if html == _STDOUT:
        click.echo(page(paper), nl=False)
        return
    try:
        Path(html).write_text(page(paper), encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{html} cannot be written: {error.strerror}") from None
    output.aside().print(f"{paper.label} is in {html}", style="quiet", markup=False, soft_wrap=True)
