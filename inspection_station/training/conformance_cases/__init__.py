"""The cases of BSI TR-03105 Part 5.1 that a virtual chip can set up, and the run that holds the station to them."""

from inspection_station.training.conformance_cases.bench import InProcessBench, daemon_bench, run_case, run_cases
from inspection_station.training.conformance_cases.case import Answer, CaseResult, ConformanceCase, Outcome
from inspection_station.training.conformance_cases.catalogue import DEVIATIONS, cases, complete, index
from inspection_station.training.conformance_cases.table import summary, table

__all__ = [
    "DEVIATIONS",
    "Answer",
    "CaseResult",
    "ConformanceCase",
    "InProcessBench",
    "Outcome",
    "cases",
    "complete",
    "daemon_bench",
    "index",
    "run_case",
    "run_cases",
    "summary",
    "table",
]
