"""The table of docs/clients.md: what the run showed, written by the run."""

import os
from pathlib import Path

from support.cells import CELLS

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs/clients.md"
BEGIN, END = "<!-- the run writes this: UPDATE_DOCS=1 sh conformance/run.sh clients -->", "<!-- to here -->"


def written(kinds: list) -> str:
    """The part of the document that the run writes, if everything passes."""
    rows = [["client", "version", *CELLS], ["---"] * (len(CELLS) + 2)]
    rows += [[kind.title, kind.version(), *("–" if cell in kind.lacks else "✓" for cell in CELLS)] for kind in kinds]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n\n" + "".join(_reasons(kinds))


def _reasons(kinds: list):
    for kind in kinds:
        for reason in dict.fromkeys(kind.lacks.values()):
            cells = ", ".join(cell for cell, why in kind.lacks.items() if why == reason)
            yield f"* {kind.title}, {cells}: it {reason}.\n"


def keep(kinds: list) -> None:
    """Compares the document with the run, or rewrites it when UPDATE_DOCS is set."""
    text = DOCUMENT.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    wanted = f"{before}{BEGIN}\n\n{written(kinds)}\n{END}{after}"
    if os.environ.get("UPDATE_DOCS"):
        DOCUMENT.write_text(wanted)
    assert text == wanted or os.environ.get("UPDATE_DOCS"), f"{DOCUMENT} is not what the run showed; UPDATE_DOCS=1 rewrites it"
