"""What a person decided about an archive, and what is open to decide: decisions.jsonl and the list of open items."""

from pipeline.decisions.decision import Decision, decision_key, is_about_document
from pipeline.decisions.decisions_file import (
    DECISIONS_NAME,
    DecisionFile,
    LineProblem,
    append_decisions,
    decisions_path,
    read_decisions,
)
from pipeline.decisions.open_item import OpenItem, decision_on
from pipeline.decisions.open_items import OpenItems, OpenPage

__all__ = [
    "DECISIONS_NAME",
    "Decision",
    "DecisionFile",
    "LineProblem",
    "OpenItem",
    "OpenItems",
    "OpenPage",
    "append_decisions",
    "decision_key",
    "decision_on",
    "decisions_path",
    "is_about_document",
    "read_decisions",
]
