"""Opaque regions are found once and stay byte for byte; characters that only look like marks are visible."""

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest

from pipeline import normalize
from pipeline.markdown import doubtful_marks, inline_meaning, literal_marks, opaque_spans, parser
from pipeline.markdown.opaque_blocks import long_regions
from tests.damage import chance_of
from tests.random_markdown import LITERAL, OPAQUE, random_markdown
from tests.torture.second_pass import opaque_regions_stay

TEXTS = 400  # random texts
QUADRATIC_SECONDS = 2  # of 100 kB: the slowest takes 0.2, and took 10 to 40 before


def test_opaque_regions_stay_in_any_context():
    """A region of any dialect stays byte for byte: in a sentence, a list, a quotation, a table or a paragraph."""
    for seed in range(TEXTS):
        opaque_regions_stay(seed)


@pytest.mark.parametrize("region", OPAQUE)
def test_a_region_alone_is_opaque(region: str):
    """A text that is one region is one opaque span, except for the line ends around it."""
    text = region.strip()
    covered = {at for start, end, _ in opaque_spans(f"{text}\n") for at in range(start, end)}
    words = {match.start() for match in re.finditer(r"[*_]", text)}
    assert words <= covered


def test_regions_are_sorted_and_disjoint():
    """The regions of any text are in order and do not overlap; they include all long regions."""
    for seed in range(TEXTS):
        text = random_markdown(chance_of(seed))
        spans = opaque_spans(text)
        assert all(one.end <= other.start for one, other in pairwise(spans))
        for region in long_regions(text):
            assert any(one.start <= region.start and region.end <= one.end for one in spans)


@pytest.mark.parametrize(
    "text",
    ["costs $5 or $6", "[^1] and [text]", "a * b * c", "a < b > c", "5% of {x}", "[1] Author", "**b** _e_", "C:\\dir"],
)
def test_text_is_not_opaque(text: str):
    """Prices, footnote markers, brackets and comparisons are text."""
    assert opaque_spans(text) == ()


@pytest.mark.parametrize(
    "text", [text for text in LITERAL if not set(text) & set("\n#【：T") and re.search(r"[*_]\w", text)]
)
def test_a_reader_sees_the_asterisks_of_text(text: str):
    """Every asterisk and underscore that is text, not a mark, is visible after formatting."""
    shown = re.sub(r"<[^>]+>", "", parser().render(normalize(f"x {text} y {text}").text))
    assert shown.count("*") + shown.count("_") == 2 * (text.count("*") + text.count("_")), shown


def test_the_pre_filter_misses_nothing():
    """Where the pre-filter finds no mark that is text, escapes would not change what a reader sees."""
    for seed in range(TEXTS * 5):
        content = random_markdown(chance_of(seed)).split("\n")[0].strip()
        if not doubtful_marks(content):
            escaped = content
            for start, end in reversed(literal_marks(content)):
                escaped = escaped[:start] + re.sub(r"(.)", r"\\\1", escaped[start:end]) + escaped[end:]
            assert inline_meaning(escaped, {}) == inline_meaning(content, {}), content


@pytest.mark.parametrize(
    "text",
    [
        "{% highlight python %}\n##comment\ndef f(*args):\n    return __name__\n\n\n    x = 1\n{% endhighlight %}\n",
        "证明：\n\n$$\nx = a\n+ b\n- c\n$$\n\n证毕。\n",
        "- a\n{:toc}\n- b\n",
        "<Foo\n  a={`x_y_`}\n   b='_c_'\n/>\n",
        "> [!note]- Title\n> $$\n> x = a\n> + b\n> $$\n",
        '[sourcecode language="python"]\n# a\n\n    b __c__\n[/sourcecode]\n',
        "%%\nhidden *a*\n\n* b\n%%\n",
        "{{#if a_b_}}\n\n{{< figure\n  src='a_b.png'\n    caption='b _c_ d' >}}\n",
    ],
)
def test_a_text_of_regions_stays_as_it_is(text: str):
    """A formatted text with opaque regions does not change."""
    assert normalize(text).text == text


@pytest.mark.parametrize(
    "opening",
    [
        *(
            "{{<",
            "{{% x",
            "{% ",
            "{% raw ",
            "<% ",
            "{# x ",
            "{/*",
            "%%a ",
            "$$a\\",
            "\\(",
            "\\\\(",
            "\\[",
            "<!--",
            "<!A ",
            "<? ",
            "<![CDATA[",
        ),
        *("<pre>", "<code ", "[a b=", "[a b=“", "[code ", "{::comment", "www.a", "\\begin{a}", "`a ``"),
    ],
)
def test_openings_without_an_end_take_linear_time(opening: str):
    """Many openings that nothing closes are passed over in time that grows with the text, not with its square."""
    text = f"{opening * (100_000 // len(opening))}\n\nx {{% endraw %}} [/code]"
    before = time.process_time()
    opaque_spans(text)
    assert time.process_time() - before < QUADRATIC_SECONDS
