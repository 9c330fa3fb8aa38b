"""Measure the budgets on this machine: `python -m benchmarks`; `--quick` is shorter, `--write` pastes the table."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from benchmarks import fast, surfaces, trainings
from benchmarks.harness import PARTS, processor, table, write

ABOUT = """Each ratio is the median over {repeats} of the ratios of neighbouring runs (least to greatest), each time a median.
Processor: {processor}, {cpus} CPUs, {threads} threads, torch {torch}. Both sides of a row run on the same threads."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write the JSON; return 0 where all budgets are met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller grids and fewer steps, in a minute or two")
    parser.add_argument(
        "--write", action="store_true", help="paste the table into benchmarks/README.md, goals into README.md"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there")
    chosen = parser.parse_args(arguments)
    rows = []
    for part in (surfaces, trainings, fast):
        for row in part.rows(chosen.quick):
            rows.append(row)
            print(f"{row.ratio.median:8.3g}  {row.name}, against {row.against}", file=sys.stderr, flush=True)
    machine = {"processor": processor(), "cpus": os.cpu_count(), "threads": torch.get_num_threads()}
    about = ABOUT.format(repeats="1 to 3" if chosen.quick else "3 to 7", **machine, torch=torch.__version__)
    text = f"{table(rows)}\n\n{about}"
    print(text)
    if chosen.write:
        write(text, PARTS[0])
    if chosen.json:
        chosen.json.write_text(json.dumps([row.record() for row in rows], indent=1), encoding="utf-8")
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
