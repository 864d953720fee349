"""Links: their places, targets and identifiers, the works that the archive cites, and the graph of posts."""

from __future__ import annotations

import csv
import itertools
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path, PurePosixPath

import bibtexparser
import networkx as nx
import pikepdf
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline import Document, extract_links
from pipeline.citations.cited_works import Work, works_of
from pipeline.citations.post_index import PostIndex, names_of_post, names_of_target
from pipeline.document import Cleaned, Duplicate, Metadata
from pipeline.markdown.pandoc import run_sandboxed
from pipeline.records.bibliography import works_bib
from pipeline.steps.describe import describe
from pipeline.store.archive_state import open_state
from tests.conftest import ROOT

CASES = ROOT / "tests" / "cases"
COPY, ORIGINAL = "002_0cc31b200e29ec80.txt", "000_a1f47e9a580df4b9.txt"


@pytest.fixture(scope="session")
def rows(made: Path) -> list[dict]:
    """The links of the sample archive, from links.jsonl."""
    return [json.loads(line) for line in (made / "clean" / "links.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture(scope="session")
def works(made: Path) -> list[dict]:
    """The works that the sample archive cites, from works.json."""
    return json.loads((made / "out" / "works.json").read_text("utf-8"))


def test_the_links_of_the_sample_are_those_of_the_table(rows):
    """All 64 links that are neither images nor sources: kind, canonical URL, identifiers, text, heading and place."""
    lines = (CASES / "links.tsv").read_text("utf-8").splitlines()
    table = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    found = [row for row in rows if row["kind"] not in {"image", "source"} and row["path"] != COPY]
    assert [{name: as_text(row[name]) for name in table[0]} for row in found] == table
    assert len(found) == 64
    assert len(found) - len({(row["path"], row["url"]) for row in found}) == 19


def as_text(value: object) -> str:
    """Return a value in the form of the table."""
    return " ".join(value) if isinstance(value, list) else str(value)


def test_line_and_column_are_those_of_the_link(made: Path, rows):
    """The line and column of a link are those of the first character of its Markdown."""
    for row in rows:
        if row["file"]:
            text = (made / "clean" / row["file"]).read_text("utf-8").partition("\n---\n\n")[2]
            here = text.split("\n")[row["line"] - 1][row["column"] - 1 :]
            assert here.startswith(("[", "![", "<", row["written"])), row


def test_the_duplicate_has_the_links_and_works_of_the_original(made: Path, rows):
    """File 002 after repair has the same links and works as 000, in every field."""
    of = {
        path: [{k: v for k, v in row.items() if k not in {"path", "file"}} for row in rows if row["path"] == path]
        for path in (COPY, ORIGINAL)
    }
    assert of[COPY] == of[ORIGINAL]
    with open_state(made / "clean" / ".state.sqlite", "", trial=True) as state:
        outcomes = {path: state.outcome(PurePosixPath(path)) for path in (COPY, ORIGINAL)}
    assert isinstance(outcomes[COPY], Duplicate)
    assert isinstance(outcomes[ORIGINAL], Cleaned)
    of_copy, of_original = (
        [(work.title, work.authors, work.others, work.year, work.identifiers, work.links) for work in cited]
        for cited in (works_of(outcomes[COPY].document), works_of(outcomes[ORIGINAL].document))
    )
    assert of_copy == of_original
    assert len(of_copy) == 4


def test_the_works_of_the_sample_are_those_of_the_table(works):
    """The sample cites exactly 16 works in 4 posts, each with the fields of the table."""
    table = json.loads((CASES / "works.json").read_text("utf-8"))
    assert works == table
    assert len(works) == 16
    assert len({cited["path"] for work in works for cited in work["custom"]["cited_by"]}) == 4


def test_links_to_papers_give_works():
    """A link to a paper gives a work, with the title from its text and its list item; labels and images give none."""
    text = """# Reading

1. [Attention Is All You Need](https://arxiv.org/pdf/1706.03762v5), Vaswani et al.
2. [Deep Learning](https://www.amazon.com/dp/0262035618) and [again](https://arxiv.org/abs/1706.03762)

## 注意力就是一切（Attention Is All You Need）

By A. Vaswani, N. Shazeer et al. (2017) | [paper](https://arxiv.org/abs/1706.03762) | [data](https://e.org/d)

[![cover](a.png)](https://doi.org/10.1000/182) https://doi.org/10.1000/183
"""
    document = Document(PurePosixPath("a.md"), text, Metadata(profile="medium_zh_mt"))
    found = works_of(replace(document, links=extract_links(text)))
    assert [(work.key, work.title, work.original, work.authors, work.others, work.year) for work in found] == [
        ("arxiv:1706.03762", "注意力就是一切", "Attention Is All You Need", ("A. Vaswani", "N. Shazeer"), True, "2017"),
        ("isbn:9780262035613", "Deep Learning", "", (), False, ""),
        ("doi:10.1000/182", "doi:10.1000/182", "", (), False, ""),
        ("doi:10.1000/183", "doi:10.1000/183", "", (), False, ""),
    ]
    assert [(cited.heading, cited.number) for cited in found[0].cited] == [
        ("Reading", "1"),
        ("注意力就是一切（Attention Is All You Need）", ""),
    ]
    assert found[0].links == (
        ("paper", "https://arxiv.org/abs/1706.03762v5"),
        ("paper", "https://arxiv.org/abs/1706.03762"),
        ("dataset", "https://e.org/d"),
    )


def test_works_come_from_reference_lists_bibtex_and_written_identifiers():
    """A line of a reference list, an entry of BibTeX and an identifier in a sentence each give a work."""
    text = """# Post

See arXiv:1706.03762, ISBN 978-0-306-40615-7 and PMID: 12345678 (not 10.1 or version 2019.12345).

**References**

[1] Smith, J. A., & Lee, K. (2019). The structure of everything. *Journal of Things*, 12(3), 1-20. doi:10.1000/183
[2] Vaswani et al. (2017). [Attention is all you need](https://arxiv.org/abs/1706.03762). NIPS.
[3] A page that I liked, 2019

## 参考文献

1. 周志华. 机器学习[M]. 北京: 清华大学出版社, 2016.
2. doi:10.1000/184, ISBN 978-3-16-148410-0

```bibtex
@article{weng2018,
  title  = {Attention? {Attention}!},
  author = {Weng, Lilian and others},
  year   = 2018,
  url    = {https://e.org/a},
}
@article{broken, title = {
```
"""
    found = works_of(Document(PurePosixPath("a.md"), text, links=extract_links(text)))
    assert [(work.key, work.title, work.authors, work.others, work.year, work.cited[0].line) for work in found] == [
        ("arxiv:1706.03762", "Attention is all you need", ("Vaswani",), True, "2017", 3),
        ("isbn:9780306406157", "isbn:9780306406157", (), False, "", 3),
        ("pmid:12345678", "pmid:12345678", (), False, "", 3),
        ("doi:10.1000/183", "The structure of everything", ("J. A. Smith", "K. Lee"), False, "2019", 7),
        ("title:075125a664fe6a0a", "机器学习", ("周志华",), False, "2016", 13),
        ("doi:10.1000/184", "doi:10.1000/184", (), False, "", 14),
        ("https://e.org/a", "Attention? Attention!", ("Lilian Weng",), True, "2018", 16),
    ]


def test_a_heading_of_references_and_a_number_are_no_titles():
    """A work whose link and heading do not name it is titled by its identifier, or by a later mention."""
    text = """# Reading list

## References

1. Vaswani et al. <https://arxiv.org/abs/1706.03762>
2. [[2]](https://doi.org/10.1000/182), [here](https://doi.org/10.1000/183), [pdf](https://doi.org/10.1000/184)

## 来源

[链接](https://arxiv.org/abs/2010.00001) and [Attention Is All You Need](https://arxiv.org/abs/1706.03762)
"""
    found = works_of(Document(PurePosixPath("a.md"), text, links=extract_links(text)))
    assert [work.title for work in found] == [
        "Attention Is All You Need",
        "doi:10.1000/182",
        "doi:10.1000/183",
        "doi:10.1000/184",
        "arxiv:2010.00001",
    ]


def test_a_work_has_the_numbers_of_its_papers_only():
    """A paper's second URL belongs to the same work; the DOI of data that two works share identifies neither."""
    text = """# Reading

## One

By A. Vaswani (2017) | [paper](https://e.org/1.pdf) | [PDF](https://openreview.net/pdf?id=H1gax6VtDB) | [data](https://zenodo.org/record/1)

## Two

By N. Shazeer (2018) | [paper](https://e.org/2.pdf) | [data](https://zenodo.org/record/1), as in [Three](https://arxiv.org/abs/1706.03762)
"""
    document = Document(PurePosixPath("a.md"), text, Metadata(profile="medium_zh_mt"))
    found = works_of(replace(document, links=extract_links(text)))
    assert [(work.key, work.title, work.published) for work in found] == [
        ("openreview:H1gax6VtDB", "One", ("openreview:H1gax6VtDB",)),
        ("https://e.org/2.pdf", "Two", ()),
        ("arxiv:1706.03762", "Three", ("arxiv:1706.03762",)),
    ]
    data = ("dataset", "https://zenodo.org/record/1")
    assert [work.links[-1] for work in found[:2]] == [data, data]
    assert "doi" not in works_bib(found).decode()


def test_reference_managers_read_the_works(made: Path, works):
    """Pandoc's readers of biblatex and CSL-JSON, which citeproc uses, find the same works in both files."""
    for file, form in (("works.bib", "biblatex"), ("works.json", "csljson")):
        read = json.loads(run_sandboxed("-f", form, "-t", "csljson", data=(made / "out" / file).read_bytes()))
        assert {entry["id"] for entry in read} == {work["id"] for work in works}
        titles = {entry["id"]: re.sub(r"</?span[^>]*>", "", entry["title"]) for entry in read}
        assert titles == {work["id"]: work["title"] for work in works}
        assert all(entry["issued"]["date-parts"][0][0] in range(2017, 2022) for entry in read)
        assert all(entry["author"] for entry in read)


def test_a_parser_of_bibtex_reads_every_field_of_the_works(made: Path, works):
    """A BibTeX parser reads all of works.bib, with the fields of works.json."""
    read = bibtexparser.parse_string((made / "out" / "works.bib").read_text("utf-8"))
    assert not read.failed_blocks
    assert [block for block in read.blocks if block not in read.entries] == []
    found = {entry.key: {field.key: field.value for field in entry.fields} for entry in read.entries}
    assert list(found) == [work["id"] for work in works]
    for work in works:
        fields = found[work["id"]]
        others = ["others"] * work["custom"]["others"]
        rest = [f"{link['kind']}: {link['url']}" for link in work["custom"]["links"][1:]]
        assert fields["title"] == f"{{{work['title']}}}"
        assert fields["author"].split(" and ") == [f"{{{name['literal']}}}" for name in work["author"]] + others
        assert int(fields["year"]) == work["issued"]["date-parts"][0][0]
        assert fields["url"] == work["URL"]
        assert fields.get("eprint", "") == work.get("archive_location", "")
        assert re.sub(r"[{}\\]", "", fields.get("note", "")) == ", ".join(rest)


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z"])), min_size=3, max_size=3))
@example(["a { b", "a } b", "} {"])
@example(["@article{x,", '"', "\\"])
@example(["100% & #1 _x_ $y$ ~ ^", "a---b", "\\}"])
def test_no_title_breaks_the_bibliography(texts: list[str]):
    """No text in a work breaks its neighbours: BibTeX counts braces, and accepts a key only once."""
    title, author, address = texts
    links = (("paper", f"https://e.org/{address}"), ("code", f"https://e.org/{author}"))
    hostile = Work(title, original=author, authors=(author,), others=True, year="2017", links=links)
    after = Work("after", links=(("paper", "https://e.org/after"),))
    found = works_bib([hostile, hostile, after]).decode()
    read = bibtexparser.parse_string(found)
    assert not read.failed_blocks
    assert len(read.entries) == 3
    assert read.entries[2].fields_dict["title"].value == "{after}"
    depths = list(itertools.accumulate({"{": 1, "}": -1}.get(char, 0) for char in found))
    assert min(depths) == depths[-1] == 0


def test_the_graph_has_the_links_between_posts(made: Path):
    """GraphML has the posts, works and sites; the post of March links to that of February, two posts have no links."""
    graph = nx.read_graphml(made / "out" / "graph.graphml")
    assert graph.is_directed()
    assert {kind for _, kind in graph.nodes(data="kind")} == {"post", "work", "site"}
    between = [edge for edge in graph.edges if edge[1].startswith("post:")]
    assert between == [("post:000_a1f47e9a580df4b9.txt", "post:004_eaf657597849a246.txt")]
    alone = {name for name, orphan in graph.nodes(data="orphan") if orphan is True}
    assert alone == {"post:001_9722d69a9a88267b.txt", "post:003_b6b74f1d2d75484e.txt"}
    assert sum(kind == "work" for _, kind in graph.nodes(data="kind")) == 16
    assert graph.nodes["work:arxiv:1703.00522"]["title"] == "理解合成梯度和解耦神经接口"
    cited = {edge[:2]: edge[2] for edge in graph.edges(data="times")}
    assert cited["post:000_a1f47e9a580df4b9.txt", "site:twitter.com"] == 2


def test_the_table_equals_the_lines(made: Path, rows):
    """links.csv has the content of links.jsonl."""
    table = list(csv.DictReader((made / "clean" / "links.csv").read_text("utf-8-sig").splitlines()))
    assert [{name: as_text(value) for name, value in row.items()} for row in rows] == table


def test_unsafe_urls_are_links_in_no_output(tmp_path: Path, lacuna):
    """javascript:, data: and vbscript: links are listed as unsafe; no output has one that a reader can click."""
    post = "# T\n\n[a](javascript:alert(1)) [b](vbscript:x) ![c](data:text/html,x) [代码](JaVaScRiPt:alert(2))\n\n"
    post += '<a href="java&#10;script:alert(3)">d</a> [论文](https://arxiv.org/abs/1703.00522) =cmd\n'
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "bad.md").write_text(post, "utf-8")
    ran = lacuna("run", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    found = [json.loads(line) for line in (tmp_path / "clean" / "links.jsonl").read_text("utf-8").splitlines()]
    mine = [row for row in found if row["path"] == "bad.md"]
    assert [row["written"] for row in mine if "unsafe" in row["notes"]] == [
        "javascript:alert(1)",
        "vbscript:x",
        "data:text/html,x",
        "JaVaScRiPt:alert(2)",
        "java\nscript:alert(3)",
    ]
    with zipfile.ZipFile(tmp_path / "out" / "posts" / "bad.epub") as book:
        pages = [book.read(name).decode() for name in book.namelist() if name.endswith("html")]
    led = {match[1] for page in pages for match in re.finditer(r'(?:href|src)="([^"]*)"', page)}
    assert {address for address in led if ":" in address} == {"https://arxiv.org/abs/1703.00522"}
    with pikepdf.open(tmp_path / "out" / "posts" / "bad.pdf") as pdf:
        notes = [note for page in pdf.pages for note in page.get("/Annots", [])]
        assert {str(note.A.URI) for note in notes if "/A" in note} == {"https://arxiv.org/abs/1703.00522"}
        assert "/JavaScript" not in pdf.Root.get("/Names", {})
    assert "href" in (tmp_path / "out" / "report.html").read_text("utf-8")
    for page in ("report.html", "works.json", "works.bib", "graph.graphml"):
        text = (tmp_path / "out" / page).read_text("utf-8").lower()
        assert 'href="java' not in text
        assert 'href="data' not in text
        assert "url = {java" not in text
        assert '"url": "java' not in text


def test_links_lead_to_files_of_the_archive(tmp_path: Path, lacuna):
    """A relative link leads to the file next to it, a wiki link to the post whose file has the name, in any folder.

    The post has no source. Fragments and the case of wiki links do not count; a link without a target leads nowhere.
    """
    posts = {
        "notes/a.md": "# A\n\nfirst words: [see](b.md#part), [up](../top%20one.md), [no](c.md)\n",
        "notes/b.md": "# B\n\nanother text, quite unlike the one before it\n",
        "top one.md": "# Top\n\nthe third text has other words again\n",
        "notes/My target.md": "# Target\n\nText of the target note.\n",
        "wiki.md": "# Wiki\n\n[[my target]], [[My target|words]], [[notes/My target#part]], [[nothing]], "
        "[x](no/My target.md).\n",
    }
    (tmp_path / "raw" / "notes").mkdir(parents=True)
    for name, text in posts.items():
        (tmp_path / "raw" / name).write_text(text, "utf-8")
    assert lacuna("run", "--no-editions", cwd=tmp_path).returncode == 0
    lines = map(json.loads, (tmp_path / "clean" / "links.jsonl").read_text("utf-8").splitlines())
    assert [(row["path"], row["written"], row["to"]) for row in lines] == [
        ("notes/a.md", "b.md#part", "notes/b.md"),
        ("notes/a.md", "../top%20one.md", "top one.md"),
        ("notes/a.md", "c.md", ""),
        ("wiki.md", "[[my target]]", "notes/My target.md"),
        ("wiki.md", "[[My target]]", "notes/My target.md"),
        ("wiki.md", "[[notes/My target#part]]", "notes/My target.md"),
        ("wiki.md", "[[nothing]]", ""),
        ("wiki.md", "no/My target.md", ""),
    ]


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("/?a=1&copy=2", "/?a=1&copy=2"),
        ("/?a=1&copy2", "/?a=1&copy2"),
        ("/?a=1&amp;copy=2", "/?a=1&copy=2"),
        ("/?a&lt", "/?a<"),
        ("/?a=1&notit;x", "/?a=1&notit;x"),
        ("/&#x41;&#66;", "/AB"),
        ("/?x=&unknown;", "/?x=&unknown;"),
    ],
)
def test_references_in_attributes_follow_html(attribute: str, value: str):
    """Character references in attributes are decoded by HTML's rule: `&copy=` is text, `&copy;` is a character."""
    assert [link.written for link in extract_links(f'<a href="{attribute}">x</a>')] == [value]


def test_titles_of_links_are_kept():
    """Titles of links, references, images and HTML are kept; of a repeated attribute, the first counts."""
    links = extract_links(
        "[a](https://e.org/a \"A &amp; A\") [b] ![c](c.png 'C') <a title=D href='https://e.org/d' href='x'>d</a>\n\n"
        "<img data-src=e.png src=f.png title='E'>\n\n[b]: https://e.org/b (B)\n"
    )
    assert [(link.written, link.title) for link in links] == [
        ("https://e.org/a", "A & A"),
        ("https://e.org/b", "B"),
        ("c.png", "C"),
        ("https://e.org/d", "D"),
        ("e.png", "E"),
        ("f.png", "E"),
    ]


def test_hostile_urls_are_kept_and_noted():
    """A URL of 100,000 characters, a broken escape, a direction override and a look-alike name get a note."""
    long = "https://e.org/" + "a" * 100_000
    links = extract_links(
        f"[x]({long}) [y](https://e.org/%zz) [z](https://e.org/a\u202eb) [k](https://xn--pple-43d.com/)"
    )
    assert links[0].url == long
    assert [link.notes for link in links] == [
        ("too long",),
        ("broken escape",),
        ("direction override",),
        ("look-alike name",),
    ]
    assert PurePosixPath(links[1].url).name == "%zz"


def test_links_between_posts_lead_within_the_book(made: Path):
    """In the archive's books, the post of March links to the chapter of February; in its own books, to the web."""
    address = "four-deep-learning-papers-to-read-in-february-2021"
    with zipfile.ZipFile(made / "out" / "archive.epub") as book:
        pages = [book.read(name).decode() for name in book.namelist() if "/ch" in name]
    leading = [match[1] for page in pages for match in re.finditer(r'href="([^"]+)"[^>]*>之前的总结博文', page)]
    assert leading == ["ch001.xhtml#chapter-1"]
    with zipfile.ZipFile(made / "out" / "posts" / "000_a1f47e9a580df4b9.epub") as post:
        alone = "".join(post.read(name).decode() for name in post.namelist() if "/ch" in name)
    assert re.search(rf'href="https://towardsdatascience.com/{address}[^"]*"[^>]*>之前的总结博文', alone)
    with pikepdf.open(made / "out" / "archive.pdf") as pdf:
        links = [note for page in pdf.pages for note in page.get("/Annots", []) if note.Subtype == "/Link"]
        addresses = [str(note.A.URI) for note in links if "/A" in note and "/URI" in note.A]
    assert sum(address in uri for uri in addresses) == 1, "only the source line links to the web"


def test_a_permalink_is_where_links_lead():
    """A post with a permalink has that path on its site, not its file name. Source: the documentation of Jekyll."""
    front = {
        "_docs/plugins/installation.md": "/docs/plugins/installation/",
        "_docs/installation/index.md": "/docs/installation/",
    }
    front |= {
        "pages/we.md": "about.html",
        "_posts/2021-03-05-mill.md": "/:year/:title/",
        "_posts/2021-03-06-weir.md": "",
    }
    known: dict[str, PurePosixPath] = {}
    for path, permalink in front.items():
        post = describe(Document(PurePosixPath(path), f"---\ntitle: {path}\npermalink: '{permalink}'\n---\nText\n"))
        known |= dict.fromkeys(names_of_post(post, ""), post.path)
    index = PostIndex(known.get)
    targets = (
        *("/docs/installation/#use", "/docs/plugins/installation", "/blog/docs/installation.html", "/about/"),
        *("/2021/mill/", "/2021/03/06/weir.html", "/other/installation/", "/docs/index.html"),
    )
    found = [index.of_names(names_of_target(target, PurePosixPath("a")), PurePosixPath("a/b.md")) for target in targets]
    assert [str(one or "") for one in found] == [
        *("_docs/installation/index.md", "_docs/plugins/installation.md", "_docs/installation/index.md", "pages/we.md"),
        *("_posts/2021-03-05-mill.md", "_posts/2021-03-06-weir.md", "", ""),
    ]
