"""Formulas are found one by one, read in the TeX of posts, and printed as written where unreadable."""

from __future__ import annotations

import tomllib
from html import unescape

import pytest

from pipeline.books.maths.formula_check import checked_formulas, in_pandoc_spelling, original_spellings
from pipeline.books.maths.formulas import formulas_in, formulas_in_html
from pipeline.books.pandoc_ast import Node, para
from tests.conftest import ROOT

CASES = tomllib.loads((ROOT / "tests" / "cases" / "formulas.toml").read_text("utf-8"))["case"]
READABLE = (  # formulas that MathJax shows
    r"x_{train}",
    r"\operatorname{softmax}(x)_i",
    r"\operatorname*{argmax}_x f(x)",
    r"\argmin_\theta L",
    r"\underbrace{a+b}_{\text{sum of two}}",
    r"\color{red}{y} + \textcolor{blue}{z} + {\color{green} w}",
    r"softmax(x)_i = \frac{e^{x_i}}{\sum_j e^{x_j}} \\ y_i = x_i",
    r"a &= b \\ c &= d",
    r"{\rm KL}(p\|q) + \bf x + {\cal L}",
    r"E = mc^2 \tag{1} \label{energy}",
    r"\cfrac{1}{1 + \cfrac{1}{x}}",
    r"\begin{dcases} 1 & x > 0 \\ 0 & \text{otherwise} \end{dcases}",
    r"\text{损失} = -\sum_i y_i \log \hat{y}_i",
    r"速度 = \frac{距离}{时间}",
    r"\begin{equation} a = b \end{equation}",
    r"\begin{align*} a &= b % why" + "\n" + r"\\ c &= d \end{align*}",
    r"\xrightarrow{n \to \infty} \overset{a}{=} \boxed{x}",
    r"\ce{H2O} + 30\degree",
    r"\left\{ x \middle| x > 0 \right\}",
    r"A \cap B \cup \bigcap_{i=0}^m C_i \odot x \otimes y \ominus \llbracket z \rrbracket \hbar \sqcap",
    "∩ ⊓ ⊖ ⊗ ⊙ ⊜ ⊝ ⋂ ⋒ ⟦ ⟧ ⟬ ⟭ ⟴ ⦃ ⦄ ⦅ ⦆ ⦜ ⦡ ⦦ ⦶ ⦷ ⦸ ⦹ ⧀ ⧁ ⨀ ⨂ ⨅ ⨙ ⨸ ⩀ ⩄ ⩎ « » ‹ › ħ Ϗ ϗ ₣",
    r'\begin{eqnarray} a &=& b \newline c &=& f"(x) \end{eqnarray}',
    r"100\% \text{ of ``it'', a \& b}",
)
UNREADABLE = (r"\foobar{x}", r"\frac{a}", r"x #read('a')", r'"#read("a")"', r"\unicode{35}", r"\begin{CD} A \end{CD}")


@pytest.mark.parametrize("case", CASES, ids=[case["label"] for case in CASES])
def test_each_formula_is_judged_by_itself(case: dict[str, object]):
    """What is maths in a text is found, and nothing else."""
    assert [formula.tex for formula in formulas_in(str(case["text"]))] == case["tex"]


def checked(*formulas: str) -> list[Node]:
    """Return the nodes of formulas after the check."""
    maths = [{"t": "Math", "c": [{"t": "InlineMath"}, tex], "written": f"${tex}$"} for tex in formulas]
    (tree,) = checked_formulas([[para(node) for node in maths]])
    assert isinstance(tree, list)
    return [block["c"][0] for block in tree]


def test_what_posts_write_can_be_set():
    """Formulas in the dialects of MathJax are read, and keep their TeX for the annotation."""
    made = checked(*READABLE)
    assert [node["c"][1] for node in made if node["t"] == "Math"] == [*READABLE]
    originals = original_spellings(made)
    shown = [node["c"][1] for node in in_pandoc_spelling(made)]
    assert [originals.get(tex, tex) for tex in shown] == [*READABLE]


def test_deep_formulas_are_not_read():
    """A formula that pandoc would take minutes for is printed as written, even if it is the only one."""
    deep = "x^{" * 200 + "y" + "}" * 200
    assert [node["t"] for node in checked(deep)] == ["Code"]
    assert [node["t"] for node in checked("x^2", deep)] == ["Math", "Code"]


def test_what_cannot_be_set_is_printed_as_written():
    """An unreadable formula is code with its delimiters; the formulas around it stay formulas."""
    made = checked("x^2", *UNREADABLE, "y_1")
    assert [node["t"] for node in made] == ["Math", *["Code"] * len(UNREADABLE), "Math"]
    assert [node["c"][1] for node in made[1:-1]] == [f"${tex}$" for tex in UNREADABLE]


HTML_FORMULAS = (  # raw HTML, and its formulas, in a post without others and in one with formulas
    (r"<figcaption>The noise \(\xi_n\)</figcaption>", [r"\xi_n"], [r"\xi_n"]),
    (r"<td>\(a &lt; b_1\)</td>", ["a < b_1"], ["a < b_1"]),
    (r"<td>\(x_{i}\)</td><td>\(y\)</td>", ["x_{i}", "y"], ["x_{i}", "y"]),
    ("<p>\n$$E = mc^2$$\n</p>", ["E = mc^2"], ["E = mc^2"]),
    (r"<td>\[ \int_0^1 f \]</td>", [r"\int_0^1 f"], [r"\int_0^1 f"]),
    (r"<p>损失 \(\text{损失}_i\)、係数 \(\alpha\)。</p>", [r"\text{损失}_i", r"\alpha"], [r"\text{损失}_i", r"\alpha"]),
    ("<figcaption>조건 $x_1$</figcaption>", [], ["x_1"]),
    (r"<td>$\beta^2$</td>", [], [r"\beta^2"]),
    ("<td>$k$</td>", [], ["k"]),
    ("<td>$5 or $6</td>", [], []),
    ("<td>$5</td><td>$6</td>", [], []),
    ("<td>Preis: 5 $, danach 6 $</td>", [], []),
    ("<p>Costs $5 and then $6_000</p>", [], []),
    ("<td>US$1,200</td><td>HK$9</td>", [], []),
    ("<td>$HOME/bin:$PATH</td>", [], []),
    (r"<pre>\(\alpha\)</pre><code>\(x_1\)</code><kbd>$x_1$</kbd>", [], []),
    (r"<script>f(\(x_1\))</script><style>\(x_1\)</style><!-- \(x_1\) -->", [], []),
    (r"<p title='\(a_1\)' data-x='$b_1$'>z</p>", [], []),
    (r"<td>\(foo bar\)</td>", [], []),
    (r"<td>C:\(x86\)</td>", [], []),
    (r"<p>\begin{align}a_1 &amp;= b\end{align}</p>", [r"\begin{align}a_1 &= b\end{align}"], None),
    (r"<p>\(a<b>c</b>\)</p>", [], []),
)


@pytest.mark.parametrize(("raw", "alone", "among"), HTML_FORMULAS)
def test_formulas_in_raw_html(raw: str, alone: list[str], among: list[str] | None):
    """Formulas in the text of HTML are found; prices, code and attributes are not formulas."""
    for certain, expected in ((False, alone), (True, alone if among is None else among)):
        found = [*formulas_in_html(raw, certain=certain)]
        assert [formula.tex for _, _, formula in found] == expected
        assert [unescape(raw[start:end]) for start, end, _ in found] == [formula.written for _, _, formula in found]
