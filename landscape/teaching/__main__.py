"""Print the table of results of papers in Markdown: `python -m landscape.teaching [NAME ...]`, all of them without a name."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from landscape.teaching.published import RESULTS
from landscape.teaching.sheet import lines


def main(names: Sequence[str]) -> int:
    """Print the table of these results, each line when it is there; return 2 where a name is none of theirs."""
    unknown = [name for name in names if name not in RESULTS]
    if unknown:
        sys.stderr.write(f"No result is called {', '.join(unknown)}. There are: {', '.join(RESULTS)}.\n")
        return 2
    for line in lines(RESULTS[name] for name in names or RESULTS):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
