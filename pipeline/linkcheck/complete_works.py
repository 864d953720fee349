"""Cited works without a title -> their completions from Crossref, arXiv and OpenAlex: asked once, cached."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.citations.cited_works import Work
from pipeline.citations.completion import Completion
from pipeline.linkcheck.client import LinkChecker, RequestLimits, link_checker
from pipeline.linkcheck.health import TEMPORARY_FAILURES, FinalResult
from pipeline.linkcheck.public_network import transport_to
from pipeline.linkcheck.registries import Answer, Query, Registries, queries
from pipeline.linkcheck.robots import RobotsCache
from pipeline.store.completion_cache import CompletionCache

MOST_ANSWER_BYTES = 4_000_000  # bytes of an answer; Crossref's of a paper with 3,000 authors has 600 kB
COMPLETES_WORKS = "completes the works that an archive cites; asks once for each"
DEFAULT_REGISTRIES = Registries()
OnWorkAsked = Callable[[str, str], None]  # (key of the work, its title or why there is none)


class _NoAnswer(Exception):  # noqa: N818 - a condition, not a fault
    """No registry answers; the message says why. A reason that is not `lasting` may pass."""

    def __init__(self, *reason: str, lasting: bool) -> None:
        super().__init__(": ".join(reason))
        self.lasting = lasting


@dataclass(slots=True)
class _Asking:
    """The state of one call: the client, the registries, and those that failed and are not asked again."""

    checker: LinkChecker
    registries: Registries
    failed: dict[str, str] = field(default_factory=dict)  # name of the registry -> why

    async def completion(self, work: Work) -> Completion:
        """Return the completion of a work from the first registry that knows it. Raises _NoAnswer if none does."""
        problems: list[_NoAnswer] = []
        for query in queries(work, self.registries):
            try:
                answer = await self.answer(query)
            except _NoAnswer as problem:
                problems.append(problem)
            else:
                return answer.completion(work.key, query.registry.name)
        reasons = dict.fromkeys(map(str, problems))
        raise _NoAnswer("; ".join(reasons), lasting=all(problem.lasting for problem in problems))

    async def answer(self, query: Query) -> Answer:
        """Return the answer to a query. Raises _NoAnswer; a registry that fails is not asked again."""
        name = query.registry.name
        if name in self.failed:
            raise _NoAnswer(name, self.failed[name], lasting=False)
        try:
            answer = query.read(await self.checker.body(query.url, MOST_ANSWER_BYTES))
        except FinalResult as result:
            health = result.health.health
            if health in TEMPORARY_FAILURES:
                self.failed[name] = health
            unknown = health == "gone"
            raise _NoAnswer(name, "not found" if unknown else health, lasting=unknown) from None
        if not answer.title:
            raise _NoAnswer(name, "no title", lasting=True)
        return answer


def to_ask(works: Iterable[Work], registries: Registries = DEFAULT_REGISTRIES) -> list[Work]:
    """Return the works that have no title, and an identifier that a registry may know."""
    return [work for work in works if not work.named and any(queries(work, registries))]


def complete_works(
    works: Iterable[Work],
    file: Path,
    limits: RequestLimits,
    registries: Registries = DEFAULT_REGISTRIES,
    tell: OnWorkAsked = lambda *_: None,
) -> None:
    """Ask the registries for the works without a title, and store the answers in the cache `file`.

    A work whose answer is cached is not asked for. `tell(key, result)` is called for each new answer.
    """
    with closing((cache := CompletionCache(file)).db):
        missing = [work for work in to_ask(works, registries) if not cache.knows(work.key)]
        if missing:
            asyncio.run(_ask_for_each(missing, cache, limits, registries, tell))


async def _ask_for_each(
    works: Iterable[Work],
    cache: CompletionCache,
    limits: RequestLimits,
    registries: Registries,
    tell: OnWorkAsked,
) -> None:
    transport = transport_to(private=limits.allow_private)
    async with link_checker(limits, RobotsCache(cache.db), transport, COMPLETES_WORKS) as checker:
        for registry in registries.all:
            checker.allow_service(registry.base, registry.pause)
        asking = _Asking(checker, registries)
        for work in works:
            try:
                completion = await asking.completion(work)
            except _NoAnswer as none:
                cache.learn_problem(work.key, str(none), lasting=none.lasting)
                tell(work.key, str(none))
            else:
                cache.learn(completion)
                tell(work.key, completion.title)
