"""The page of the desk, and the JSON that its script asks for."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pipeline.decisions.open_item import ITEM_CONTEXT
from pipeline.records.visible import visible_characters
from pipeline.serve.desk import AskedDecision, AskedValues, CannotDecide, Desk
from pipeline.serve.pages import in_words, page
from pipeline.serve.side_by_side import character_diff, side_by_side

if TYPE_CHECKING:
    from starlette.requests import Request

    from pipeline.decisions import OpenItem

ITEMS_PER_ANSWER = 100
MOST_DOCUMENTS = 1_000  # in the list of the filter, those with open items
UNREADABLE = (OSError, CannotDecide, msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
CONFIDENCES = (0.99, 0.95, 0.9, 0.75, 0.5)  # of the filter


@dataclass(slots=True)
class DeskPages:
    """The routes of a desk."""

    desk: Desk
    title: str

    def routes(self) -> list[Route]:
        """Return what the server answers."""
        return [
            Route("/review", self.review),
            Route("/review/items", self.items),
            Route("/review/texts", self.texts),
            Route("/review/decide", self.decide, methods=["POST"]),
            Route("/review/undo", self.undo, methods=["POST"]),
            Route("/review/post", self.post),
            Route("/review/post", self.correct, methods=["POST"]),
            Route("/review/skipped", self.skipped),
        ]

    async def review(self, _request: Request) -> Response:
        """Answer with the page; its script asks for the items."""
        try:
            with self.desk.items() as items:
                documents = items.documents()[:MOST_DOCUMENTS]
        except OSError as error:
            return page("missing.html", 503, site=self.title, here="review", reason=in_words(error))
        return page("review.html", site=self.title, here="review", documents=documents, confidences=CONFIDENCES)

    async def items(self, request: Request) -> Response:
        """Answer with the next open items that pass the filters, and how many there are."""
        asked = request.query_params
        filters: dict[str, Any] = {
            "kind": asked.get("kind", ""),
            "document": asked.get("document", ""),
            "below": _confidence(asked.get("below", "")),
        }
        try:
            with self.desk.items() as items:
                found = items.page(asked.get("start", ""), size=ITEMS_PER_ANSWER, **filters)
                left = items.count(**filters)
        except (OSError, ValueError) as error:
            return _problem(error)
        return JSONResponse({"items": [*map(item_as_json, found.items)], "next": found.next, "left": left})

    async def texts(self, request: Request) -> Response:
        """Answer with two duplicates side by side."""
        asked = request.query_params
        try:
            with self.desk.items() as items:
                item = items.item(asked.get("id", ""), asked.get("document", ""))
                if item is None or item.kind != "duplicate":
                    return _problem(CannotDecide("This item is gone. Load the page again."))
                rows = side_by_side(items.text_of(item.after), items.text_of(item.before))
        except OSError as error:
            return _problem(error)
        return JSONResponse({"rows": rows})

    async def decide(self, request: Request) -> Response:
        """Write a decision."""
        try:
            self.desk.decide(msgspec.json.decode(await request.body(), type=AskedDecision))
        except UNREADABLE as error:
            return _problem(error)
        return JSONResponse({})

    async def undo(self, _request: Request) -> Response:
        """Take the last decision back and answer with what it was about."""
        try:
            undone = self.desk.undo()
        except OSError as error:
            return _problem(error)
        item = undone.item if undone else None
        return JSONResponse({"item": item and item_as_json(item), "document": undone.document if undone else ""})

    async def post(self, request: Request) -> Response:
        """Answer with title, author, date and language of a post."""
        try:
            post = self.desk.post(request.query_params.get("document", ""))
        except (OSError, CannotDecide) as error:
            return _problem(error)
        values = {"document": post.document, "values": dict(post.values), "found": dict(post.found)}
        return JSONResponse(values | {"skipped": post.skipped})

    async def correct(self, request: Request) -> Response:
        """Write the decisions that correct or skip a post."""
        try:
            made = self.desk.correct(msgspec.json.decode(await request.body(), type=AskedValues))
        except UNREADABLE as error:
            return _problem(error)
        return JSONResponse({"made": made})

    async def skipped(self, _request: Request) -> Response:
        """Answer with the page of the posts that a person decided to skip."""
        with self.desk.items() as items:
            skipped = [one for one in items.on_posts.values() if one.verdict == "skip" and one.document]
        posts = sorted((one.document, one.before) for one in skipped)
        return page("skipped.html", site=self.title, here="review", posts=posts)


def item_as_json(item: OpenItem) -> dict[str, Any]:
    """Return an open item as the script shows it: texts with visible controls, differences in pieces."""
    return {
        "id": item.id,
        "document": item.document,
        "kind": item.kind,
        "pair": f"{item.step}\0{item.before}\0{item.after}" if item.kind == "inferred" else item.id,
        "left": visible_characters(_paragraph_before(item.left)),
        "right": visible_characters(_paragraph_after(item.right)),
        "before": visible_characters(item.before),
        "after": item.after,
        "pieces": character_diff(item.before, item.after) if item.kind == "inferred" else [],
        "reason": item.reason,
        "confidence": round(item.confidence, 2),
        "alternatives": [(text, round(share, 2)) for text, share in item.alternatives[:9]],
        "line": item.line,
        "language": item.language,
        "archive": item.from_archive,
        "duplicate": item.duplicate,
        "group": item.group,
    }


def _paragraph_before(context: str) -> str:
    r"""Return the end of a context that is in the same paragraph as what follows.

    >>> _paragraph_before("A title\n\nThe sea and ")
    'The sea and '
    """
    _, blank, paragraph = context.rpartition("\n\n")
    return f"{'…' * (not blank and len(context) >= ITEM_CONTEXT)}{paragraph}"


def _paragraph_after(context: str) -> str:
    """Return the start of a context that is in the same paragraph as what precedes."""
    paragraph, blank, _ = context.partition("\n\n")
    return f"{paragraph}{'…' * (not blank and len(context) >= ITEM_CONTEXT)}"


def _confidence(given: str) -> float:
    return float(given) if given in map(str, CONFIDENCES) else 1.0


def _problem(error: Exception) -> Response:
    status = HTTPStatus.SERVICE_UNAVAILABLE if isinstance(error, OSError) else HTTPStatus.BAD_REQUEST
    return JSONResponse({"problem": in_words(error)}, status)
