"""Markdown of a post -> HTML for a browser, in which nothing of the post is active.

Raw HTML is shown as text. Links lead to the web, to other posts or into the post. Pictures come from this server; one
that the archive does not hold is its description.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import escape
from mdit_py_plugins.footnote import footnote_plugin

from pipeline.markdown.parsing import visible_text

LinkOf = Callable[[str], str]  # a target as written -> the target in the browser, "" if there is none to follow or show
OUTWARD = ("http://", "https://", "mailto:")


def post_html(text: str, link_of: LinkOf, picture_of: LinkOf = lambda _: "") -> str:
    r"""Return the HTML of a post's Markdown.

    >>> post_html("<b>bold</b> [x](javascript:y)", lambda target: "")
    '<p>&lt;b&gt;bold&lt;/b&gt; [x](javascript:y)</p>\n'
    """
    return str(_renderer().render(text, {"link_of": link_of, "picture_of": picture_of}))


@cache
def _renderer() -> MarkdownIt:
    renderer = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).use(footnote_plugin)
    rules: dict[str, Callable[..., str]] = {
        "image": _picture,
        "link_open": _safe_link,
        "th_open": _cell,
        "td_open": _cell,
        "table_open": lambda *_: '<div class="wide" tabindex="0" role="region" aria-label="Table"><table>\n',
        "table_close": lambda *_: "</table></div>\n",
    }
    for name, rule in rules.items():
        renderer.add_render_rule(name, _as_method(rule))
    return renderer


def _as_method(rule: Callable[..., str]) -> Callable[..., str]:
    def method(renderer: RendererHTML, tokens: Sequence[Token], at: int, *rest: Any) -> str:  # noqa: ANN401
        return rule(renderer, tokens, at, *rest)

    return method


def _picture(_renderer: RendererHTML, tokens: Sequence[Token], at: int, _options: Any, env: Any) -> str:  # noqa: ANN401
    words = visible_text(tokens[at].children)
    if source := env["picture_of"](str(tokens[at].attrs.get("src", ""))):
        return f'<img src="{escape(source)}" alt="{escape(words)}" loading="lazy">'
    return f'<span class="picture">Picture{f": {escape(words)}" if words else ""}</span>'


def _safe_link(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:  # noqa: ANN401
    token, link_of = tokens[at], env["link_of"]
    target = link_of(str(token.attrs.get("href", "")))
    token.attrs = {"href": target, "rel": "noreferrer noopener"} if target else {"class": "dead"}
    return str(renderer.renderToken(tokens, at, options, env))


def _cell(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:  # noqa: ANN401
    """Render the start of a cell; its alignment is a class, because the policy of the page allows no style here."""
    token = tokens[at]
    alignment = str(token.attrs.pop("style", "")).rpartition(":")[2]
    if alignment:
        token.attrs["class"] = f"to-{alignment}"
    return str(renderer.renderToken(tokens, at, options, env))


def browser_link(written: str, post: str, has: Callable[[str], bool]) -> str:
    """Return where a link of the post at `post` leads in the browser; "" if nowhere.

    >>> browser_link("b%20c.md#x", "a/p.md", {"a/b c.md"}.__contains__)
    '/posts/a/b%20c.md#x'
    >>> browser_link("https://e.org/", "p.md", bool), browser_link("file:///etc/passwd", "p.md", bool)
    ('https://e.org/', '')
    """
    if written.startswith("#") or written.lower().startswith(OUTWARD):
        return written
    try:
        parts = urlsplit(written)
    except ValueError:
        return ""
    if parts.scheme or parts.netloc or not parts.path:
        return ""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(post), unquote(parts.path)))
    for name in (path, posixpath.splitext(path)[0] + ".md"):
        if not name.startswith(("/", "..")) and has(name):
            return f"/posts/{quote(name)}" + (f"#{parts.fragment}" if parts.fragment else "")
    return ""
