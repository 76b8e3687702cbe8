"""How near logistic regression's solvers come to the optimum on hard data, beside scikit-learn's best: a table.

``python tools/optimum_grid.py [--quick] [--solver NAME] [--family NAME] [--tol TOL]``; NAME is a part of one.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # its threads gain nothing here, and wait for each other
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from hard_data import Case, cases
from judge import TOLERANCES, Verdict, can_solve, judge
from solver_names import ALL

Row = tuple[Case, str, float, Verdict]


def main() -> int:
    """Judge, print a table and the failures; 1 if there are any."""
    asked = arguments()
    chosen = [case for case in cases() if asked.family in case.family and (case.is_quick or not asked.quick)]
    solvers = [asked.solver] if asked.solver in ALL else [each for each in ALL if asked.solver in each]
    started = time.perf_counter()
    rows = list(judged(chosen, solvers, [asked.tol] if asked.tol else list(TOLERANCES)))
    print_table(rows)
    failed = [row for row in rows if not row[3].is_acceptable(row[1]) or row[3].is_silently_far]
    print(f"\n{len(failed)} of {len(rows)} fits failed or are silently far, in {time.perf_counter() - started:.0f} s.")
    if failed:
        print_failures(failed)
    return min(1, len(failed))


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a part of the cases that stands for them")
    parser.add_argument("--solver", default="", help="only solvers with this in their name")
    parser.add_argument("--family", default="", help="only families of cases with this in their name")
    parser.add_argument("--tol", type=float, help="only this tolerance")
    return parser.parse_args()


def judged(chosen: list[Case], solvers: list[str], tolerances: list[float]) -> Iterator[Row]:
    """Every case, solver and tolerance, with progress on stderr."""
    for number, case in enumerate(chosen, 1):
        print(f"\r{number}/{len(chosen)} {str(case)[:90]:<90}", end="", file=sys.stderr, flush=True)
        for tol in tolerances:
            for solver in solvers:
                if can_solve(solver, case.problem):
                    yield case, solver, tol, judge(case, solver, tol, always_compare=True)
        for name in ("problem", "optimum", "penalised_intercept"):
            case.__dict__.pop(name, None)  # memory
    print(file=sys.stderr)


def print_table(rows: list[Row]) -> None:
    """A line for each family, solver and tolerance."""
    groups: dict[tuple[str, str, float], list[Verdict]] = defaultdict(list)
    for case, solver, tol, verdict in rows:
        groups[case.family, solver, tol].append(verdict)
    print("| family | solver | tol | cases | worst excess | scikit-learn's worst | warned | failed | silently far |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for (family, solver, tol), verdicts in groups.items():
        worst, theirs = max(each.ours.excess for each in verdicts), max(each.theirs for each in verdicts)
        warned = sum(bool(each.ours.said) for each in verdicts)
        failed = sum(not each.is_acceptable(solver) for each in verdicts)
        far = sum(each.is_silently_far for each in verdicts)
        counts = f"{len(verdicts)} | {worst:.1e} | {theirs:.1e} | {warned or ''} | {failed or ''} | {far or ''}"
        print(f"| {family} | {solver} | {tol:g} | {counts} |")
    lowest = min((verdict.ours.excess, str(case), solver) for case, solver, _, verdict in rows)
    print(
        f"\nThe reference is right to {max(-lowest[0], 0):.1e}: no fit is further below it ({lowest[1]}, {lowest[2]})."
    )


def print_failures(failed: list[Row]) -> None:
    """A line for each, by solver."""
    print("\n| solver | tol | case | excess | scikit-learn's | acceptable | n_iter | said |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for case, solver, tol, verdict in sorted(failed, key=lambda row: ALL.index(row[1])):
        numbers = f"{verdict.ours.excess:.1e} | {verdict.theirs:.1e} | {verdict.limit:.1e} | {verdict.ours.n_iter}"
        said = verdict.ours.said.replace("\n", " ").replace("|", "/")[:70]
        print(f"| {solver} | {tol:g} | {case} | {numbers} | {said} |")


if __name__ == "__main__":
    sys.exit(main())
