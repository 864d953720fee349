"""The command works: cited works, completed from registries, asked once and cached."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from pipeline.citations.cited_works import Citation, Work
from pipeline.citations.completion import Completion, completed_works
from pipeline.citations.work_titles import MentionPlace, title_of_mention
from pipeline.linkcheck.client import RequestLimits
from pipeline.linkcheck.complete_works import complete_works
from pipeline.linkcheck.registries import (
    MOST_AUTHORS_KEPT,
    Registries,
    Registry,
    queries,
    read_arxiv,
    read_crossref,
    read_openalex,
)
from pipeline.store.completion_cache import COMPLETIONS_FILE, CompletionCache, read_completions, read_problems
from tests.local_server import LocalServer, Quiet, serving

QUICK = RequestLimits(rate=1000, timeout=1, allow_private=True)
FEED = '<feed xmlns="http://www.w3.org/2005/Atom">{}</feed>'
ENTRY = (
    "<entry><id>http://arxiv.org/abs/{}</id><title>Attention Is All\n  You Need</title>"
    "<published>2017-06-12T17:57:34Z</published><author><name>Ashish Vaswani</name></author>"
    "<author><name>Noam Shazeer</name></author></entry>"
)
CROSSREF = {  # DOI -> what Crossref says
    "10.1145/3292500.3330701": {
        "title": ["Optuna: A Next-generation <i>Hyperparameter</i> &amp; Framework"],
        "author": [{"given": "Takuya", "family": "Akiba"}, {"name": "The Institute"}],
        "issued": {"date-parts": [[2019, 7, 25]]},
        "language": "en",
    },
    "10.1002/(sici)1097-0258(19980815/30)17:15/16<1661::aid-sim968>3.0.co;2-2": {
        "title": ["Empirical comparison"], "subtitle": ["A study"], "issued": {"date-parts": [[None]]},
    },
    "10.1000/untitled": {"title": []},
}  # fmt: skip
OPENALEX = {
    "doi:10.1000/untitled": {"title": "It has one", "publication_year": 1999, "authorships": []},
    "doi:10.48550/arxiv.2101.00001": {"title": "As arXiv failed", "publication_year": None, "authorships": []},
    "pmid:123456": {
        "title": "Étude", "publication_year": 2001, "language": "fr",
        "authorships": [{"author": {"display_name": "Zoé Ö."}, "raw_author_name": "Z. Ö."}],
    },
}  # fmt: skip


class Services(LocalServer):
    """A server that answers as Crossref, arXiv and OpenAlex do, and records its requests."""

    def __init__(self) -> None:
        """Listen."""
        super().__init__(Answers)
        self.agents: set[str] = set()
        self.status: dict[str, int] = {}  # by the name of the registry

    @property
    def registries(self) -> Registries:
        """The registries at this server, without pauses."""
        named = {"crossref": "Crossref", "arxiv": "arXiv", "openalex": "OpenAlex"}
        return Registries(**{name: Registry(title, f"{self.address}/{name}", 0) for name, title in named.items()})


class Answers(Quiet, BaseHTTPRequestHandler):
    """One answer, chosen by the path."""

    server: Services

    def do_GET(self) -> None:
        """Send the answer for the path."""
        parts = urlsplit(self.path)
        registry, _, rest = parts.path.strip("/").partition("/")
        name = unquote(rest.removeprefix("works/"))
        self.server.asked[f"{registry} {name}"] += 1
        self.server.agents.add(self.headers["User-Agent"])
        body: str | None
        if registry == "crossref":
            body = json.dumps({"message": CROSSREF[name]}) if name in CROSSREF else None
        elif registry == "arxiv":
            (value,) = parse_qs(parts.query)["id_list"]
            body = FEED.format(ENTRY.format(value) if value.startswith("1706.03762") else "")
        else:
            body = json.dumps(OPENALEX[name]) if name in OPENALEX else None
        status = self.server.status.get(registry, 404 if body is None else 200)
        self.send_response(status)
        self.end_headers()
        self.wfile.write((body or "no such work").encode())


@pytest.fixture
def services() -> Iterator[Services]:
    """A running server."""
    server = Services()
    with serving(server):
        yield server


def work(url: str, **fields: object) -> Work:
    """Return a work that a post cites by its URL only."""
    cited = (Citation(PurePosixPath("a.md"), "A", "", "", 3),)
    return Work(**{"title": url, "links": (("paper", url),), "cited": cited, "language": "de", **fields})


URLS = [
    "https://doi.org/10.1145/3292500.3330701",
    "https://doi.org/10.1002/(SICI)1097-0258(19980815/30)17:15/16<1661::AID-SIM968>3.0.CO;2-2",
    "https://arxiv.org/abs/1706.03762v5",
    "https://pubmed.ncbi.nlm.nih.gov/123456/",
    "https://doi.org/10.1000/untitled",
]
EXPECTED = [
    ("Optuna: A Next-generation Hyperparameter & Framework", ("Takuya Akiba", "The Institute"), "2019", "en"),
    ("Empirical comparison: A study", (), "", ""),
    ("Attention Is All You Need", ("Ashish Vaswani", "Noam Shazeer"), "2017", ""),
    ("Étude", ("Zoé Ö.",), "2001", "fr"),
    ("It has one", (), "1999", ""),
]


def test_works_are_completed_and_a_second_call_asks_nothing(services: Services, tmp_path: Path):
    """Each registry answers for its identifiers, OpenAlex for what Crossref does not know; answers are cached."""
    works = [work(url) for url in URLS]
    complete_works(works, tmp_path / COMPLETIONS_FILE, QUICK, services.registries)
    done = completed_works(works, read_completions(tmp_path))
    assert [(one.title, one.authors, one.year, one.language) for one in done] == EXPECTED
    assert [dict(one.completed)["title"] for one in done] == ["Crossref", "Crossref", "arXiv", "OpenAlex", "OpenAlex"]
    asked = services.asked.copy()
    assert sum(asked.values()) == 6, "no robots.txt, no work twice"
    assert len(services.agents) == 1
    assert next(iter(services.agents)).startswith("lacuna/")
    complete_works(works, tmp_path / COMPLETIONS_FILE, QUICK, services.registries)
    assert services.asked == asked


def test_what_the_post_says_wins(services: Services, tmp_path: Path):
    """A work with a title is not asked for; of one without, authors and year of the post stay."""
    named = work(URLS[0], title="Titel des Beitrags")
    partly = work(URLS[2], authors=("A. V.",), others=True, year="2018")
    complete_works([named, partly], tmp_path / COMPLETIONS_FILE, QUICK, services.registries)
    assert sum(services.asked.values()) == 1
    known = read_completions(tmp_path) | {named.key: Completion(named.key, "Crossref", "Other", ("B",), year="1")}
    first, second = completed_works([named, partly], known)
    assert first == named
    assert (second.title, second.authors, second.others, second.year) == (EXPECTED[2][0], ("A. V.",), True, "2018")
    assert second.completed == (("title", "arXiv"),)


def test_failures_are_remembered_with_their_reason(services: Services, tmp_path: Path):
    """An unknown work is not asked for again; a registry that fails is left alone, and asked after an hour."""
    file = tmp_path / COMPLETIONS_FILE
    unknown = work("https://doi.org/10.1000/unknown")
    complete_works([unknown], file, QUICK, services.registries)
    assert read_problems(tmp_path) == {unknown.key: "Crossref: not found; OpenAlex: not found"}
    services.status = {"crossref": 500, "openalex": 429}
    failing = [work(f"https://doi.org/10.1000/{number}") for number in range(20)]
    complete_works([unknown, *failing], file, QUICK, services.registries)
    assert read_problems(tmp_path)[failing[0].key] == "Crossref: failing; OpenAlex: busy"
    assert set(read_problems(tmp_path)) == {unknown.key, *(one.key for one in failing)}
    assert sum(services.asked.values()) == 2 + 2 * 3, "three tries at each registry, then none"
    asked = services.asked.copy()
    complete_works([unknown, *failing], file, QUICK, services.registries)
    assert services.asked == asked
    with closing(sqlite3.connect(file)) as db, db:
        long_ago = (dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)).isoformat()
        db.execute("UPDATE completions SET asked = ?", (long_ago,))
    services.status = {}
    complete_works([unknown, failing[0]], file, QUICK, services.registries)
    assert services.asked - asked == {"crossref 10.1000/0": 1, "openalex doi:10.1000/0": 1}


def test_openalex_answers_for_arxiv(services: Services, tmp_path: Path):
    """If arXiv's API does not know an identifier, OpenAlex is asked for arXiv's DOI of it."""
    one = work("https://arxiv.org/abs/2101.00001v2")
    complete_works([one], tmp_path / COMPLETIONS_FILE, QUICK, services.registries)
    assert completed_works([one], read_completions(tmp_path))[0].title == "As arXiv failed"


def test_private_addresses_get_no_request(services: Services, tmp_path: Path):
    """A registry at a private IP address is refused, as the link checker does."""
    complete_works([work(URLS[0])], tmp_path / COMPLETIONS_FILE, RequestLimits(rate=1000), services.registries)
    assert not services.asked
    assert list(read_problems(tmp_path).values()) == ["Crossref: private; OpenAlex: private"]


def test_a_damaged_cache_is_replaced(services: Services, tmp_path: Path):
    """A damaged file has no completions for a run; the next --online call replaces it."""
    file = tmp_path / COMPLETIONS_FILE
    file.write_bytes(b"no database at all, but long enough to be taken for one" * 100)
    assert read_completions(tmp_path) == {}
    complete_works([work(URLS[0])], file, QUICK, services.registries)
    assert len(read_completions(tmp_path)) == 1


@pytest.mark.parametrize("read", [read_crossref, read_arxiv, read_openalex])
@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"{}", b'{"message": null}', b'{"message": {"title": "x"}}', b'{"title": 3}', b"\xff\xfe",
        b"[" * 100_000, b"<html>Sorry</html>", b"<feed", FEED.encode(),
        FEED.format("<entry><id>http://arxiv.org/api/errors#x</id><title>Error</title></entry>").encode(),
        b'<!DOCTYPE f [<!ENTITY a "b"><!ENTITY c "' + b"&a;" * 1000 + b'">]><f>&c;</f>',
        b'<!DOCTYPE f [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
        + FEED.format("<entry><id>http://arxiv.org/abs/1</id><title>&a;</title></entry>").encode(),
    ],
)  # fmt: skip
def test_other_answers_give_nothing(read, body: bytes):
    """A page of an error, damaged JSON or XML, a bomb or an external entity is no answer."""
    assert read(body).title == ""


def test_answers_are_plain_and_short():
    """Titles and names are one line without tags and direction overrides; authors after fifty are left out."""
    names = [{"given": "A", "family": f"B{number}"} for number in range(3000)]
    title = "A\u202etitle\x1b[31m\n of <b>many</b> &lt;lines&gt; " + "x" * 9000
    answer = read_crossref(json.dumps({"message": {"title": [title], "author": names}}).encode())
    done = answer.completion("doi:10.1/1", "Crossref")
    assert done.title.startswith("Atitle")
    assert "of many <lines> xxx" in done.title
    assert len(done.title) <= 500
    assert (len(done.authors), done.others) == (MOST_AUTHORS_KEPT, True)


def test_no_identifier_leads_to_another_host():
    """Whatever an identifier contains, the URL stays below the registry."""
    odd = ["10.1000/../../x", "10.1000/a?b#c", "10.1000/a b&c=d", "10.1000//evil.example/", "10.1000/@evil.example"]
    for value in odd:
        one = Work("", links=(("paper", f"doi:{value}"),))
        for query in queries(one, Registries()):
            assert query.url.startswith(f"{query.registry.base}/works/")


def test_the_command_lists_works(tmp_path: Path, lacuna):
    """Lines, CSL-JSON and BibTeX of a file and of the archive; the cache completes both, and the run's files."""
    post = tmp_path / "raw" / "a.md"
    post.parent.mkdir()
    other = "A post with some words, and a second one.\n"
    post.write_text(f"# Papers\n\n{other}\nSee {URLS[0]} and {URLS[2]}.\n", "utf-8")
    (tmp_path / "raw" / "b.md").write_text(f"# More\n\nOther words and sentences here.\n\nAgain {URLS[2]}.\n", "utf-8")
    (tmp_path / "clean").mkdir()
    assert lacuna("works", cwd=tmp_path).returncode == 2
    ran = lacuna("works", "raw/a.md", cwd=tmp_path)
    assert ran.stdout.splitlines() == [
        "doi:10.1145/3292500.3330701 (a.md:5)", "arxiv:1706.03762 (a.md:5)", "2 works, 2 without a title",
    ]  # fmt: skip
    assert ran.stderr == "lacuna: offline, no requests sent; use --online to look up 2 titles\n"
    assert lacuna("run", cwd=tmp_path).returncode == 0
    book = (tmp_path / "out" / "archive.epub").read_bytes()
    with closing((cache := CompletionCache(tmp_path / "clean" / COMPLETIONS_FILE)).db):
        cache.learn(Completion("arxiv:1706.03762", "arXiv", "Attention Is All You Need", ("A. Vaswani",), year="2017"))
        cache.learn_problem("doi:10.1145/3292500.3330701", "Crossref: not found", lasting=True)
    ran = lacuna("works", cwd=tmp_path)
    assert ran.stdout.splitlines() == [
        "doi:10.1145/3292500.3330701 (a.md:5): Crossref: not found",
        "A. Vaswani (2017). Attention Is All You Need. arxiv:1706.03762 (a.md:5, b.md:5)",
        "2 works, 1 without a title",
    ]
    assert ran.stderr == ""
    assert "{Attention Is All You Need}" in lacuna("works", "--format", "bib", cwd=tmp_path).stdout
    assert lacuna("run", cwd=tmp_path).returncode == 0
    made = (tmp_path / "out" / "works.json").read_text("utf-8")
    assert made == lacuna("works", "--format", "json", cwd=tmp_path).stdout
    item = json.loads(made)[1]
    assert item["custom"]["completed"] == {"title": "arXiv", "author": "arXiv", "issued": "arXiv"}
    assert (tmp_path / "out" / "archive.epub").read_bytes() != book
    assert lacuna("run", cwd=tmp_path).stdout.endswith("0 files written, 0 removed\n")
    assert lacuna("run", "--check", cwd=tmp_path).returncode == 0
    (tmp_path / "clean" / COMPLETIONS_FILE).unlink()
    assert lacuna("run", cwd=tmp_path).returncode == 0
    assert (tmp_path / "out" / "archive.epub").read_bytes() == book


WORDS_OF_LINK = (
    "论文链接", "论文地址", "原文链接", "全文下载", "PDF下载", "arXiv版", "arXiv 链接", "論文リンク", "論文PDF",
    "論文はこちら", "논문 링크", "논문", "Volltext", "Zum Artikel", "texte intégral", "lien vers l'article",
    "texto completo", "artigo completo", "полный текст", "ссылка на статью", "Paper link", "full paper",
    "the original article", "arXiv preprint", "PDF version", "Open access PDF", "journal version", "Preprint",
    "download", "Kim(2014)", "Zhang and Wallace(2015)", "Lee & Ray, 2015b", "Müller und Weiß 2011",
    "J. Smith, A. Lee and B. Ray, 2015", "Collobert et al.(2011)", "Campoleoni et al.", "McNees–Zwikel",
    "Bosma–Geiller–Oblak", "2013a", "2606.26224v1", "hep-th/0002245",
)  # fmt: skip
TITLES = (
    "Deep learning", "The paper of the future", "Full text search in databases", "Page ranking",
    "Abstract interpretation", "链接预测综述", "论文写作指南", "PDF解析方法综述", "版本控制",
    "Article spinning", "下载安全研究综述", "論文の書き方", "논문 작성법", "Статья о памяти", "Text mining",
    "The URL shortener problem", "On the version of Zorn", "地址解析", "Paper machines",
    "Preprint servers and science", "Deep Learning 2016", "Sense and Sensibility", "Spider-Man", "Word2vec",
    "Nineteen Eighty-Four", "Kim (2014) Revisited", "Silver–Rust: A Study", "Learn, Unlearn and Relearn",
)  # fmt: skip


def test_the_words_of_a_link_are_no_title():
    """`论文链接` and `PDF version` lead to a work and do not name it, so its title is looked up; titles stay."""
    assert [text for text in WORDS_OF_LINK if title_of_mention(text, "", MentionPlace.ENTRY)] == []
    assert [text for text in TITLES if title_of_mention(text, "", MentionPlace.ENTRY) != text] == []
