"""A card of Ghost's editors, as a picture, code or a bookmark -> HTML as the website shows it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, TypeAlias

GhostCard: TypeAlias = Mapping[str, Any]
_LANGUAGE_OF_CARD = re.compile(r"[\w+#.-]{1,30}")


def html_of_card(name: str, card: GhostCard) -> str:
    """Return a card as HTML; one that only e-mails show, or that has no text, is empty.

    >>> html_of_card("code", {"code": "a < b", "language": "python"})
    '<pre><code class="language-python">a &lt; b</code></pre>'
    >>> html_of_card("bookmark", {"url": "https://e.org/", "metadata": {"title": "A mill"}})
    '<p><a href="https://e.org/">A mill</a></p>'
    """
    shown = _CARDS.get(name)
    return shown(card) if shown else ""


def html_of_markdown(text: str) -> str:
    r"""Return Markdown as HTML.

    >>> html_of_markdown("A *mill*.")
    '<p>A <em>mill</em>.</p>\n'
    """
    from markdown_it import MarkdownIt  # noqa: PLC0415 - few posts have such a card
    from mdit_py_plugins.footnote import footnote_plugin  # noqa: PLC0415 - the same

    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"]).use(footnote_plugin)
    return str(parser.render(text)).replace('<hr class="footnotes-sep">\n', "")


def figure_of_ghost(url: str, alternative: str, caption: str) -> str:
    """Return a picture with its caption, which is HTML."""
    below = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f'<figure><img src="{escape(url)}" alt="{escape(alternative)}">{below}</figure>'


def _in_card(card: GhostCard, *names: str) -> str:
    """Return the first of some texts of a card."""
    return next((one for name in names if isinstance(one := card.get(name), str) and one), "")


def _linked(url: str, text: str) -> str:
    return f'<a href="{escape(url)}">{text}</a>' if url else text


def _boxed(html: str) -> str:
    """Return HTML as a paragraph; nothing for nothing."""
    return f"<p>{html}</p>" if html else ""


def _picture_card(card: GhostCard) -> str:
    url = _in_card(card, "src", "url")
    return figure_of_ghost(url, _in_card(card, "alt", "altText"), _in_card(card, "caption")) if url else ""


def _gallery_card(card: GhostCard) -> str:
    images = card.get("images")
    pictures = [one for one in images if isinstance(one, Mapping)] if isinstance(images, list) else []
    return "".join(map(_picture_card, pictures)) + _boxed(_in_card(card, "caption"))


def _code_card(card: GhostCard) -> str:
    language = _in_card(card, "language")
    marked = f' class="language-{language}"' if _LANGUAGE_OF_CARD.fullmatch(language) else ""
    code = f"<pre><code{marked}>{escape(_in_card(card, 'code'), quote=False)}</code></pre>"
    return code + _boxed(_in_card(card, "caption"))


def _bookmark_card(card: GhostCard) -> str:
    about = card.get("metadata")
    about = about if isinstance(about, Mapping) else {}
    url = _in_card(card, "url")
    title = escape(_in_card(about, "title") or _in_card(card, "title") or url)
    more = escape(_in_card(about, "description") or _in_card(card, "description"))
    return _boxed(f"{_linked(url, title)}{': ' + more if more else ''}") + _boxed(_in_card(card, "caption"))


def _embed_card(card: GhostCard) -> str:
    about = card.get("metadata")
    title = _in_card(about, "title") if isinstance(about, Mapping) else ""
    url = _in_card(card, "url", "src")
    return _boxed(_linked(url, escape(title or url))) + _boxed(_in_card(card, "caption"))


def _callout_card(card: GhostCard) -> str:
    emoji = escape(_in_card(card, "calloutEmoji", "emoji"))
    return f"<blockquote><p>{emoji}{' ' if emoji else ''}{_in_card(card, 'calloutText', 'text')}</p></blockquote>"


def _toggle_card(card: GhostCard) -> str:
    return f"<p><strong>{_in_card(card, 'heading')}</strong></p>{_in_card(card, 'content')}"


def _file_card(card: GhostCard) -> str:
    title = escape(_in_card(card, "fileTitle", "title", "fileName"))
    url = _in_card(card, "src", "url")
    return _boxed(_linked(url, title or escape(url))) + _boxed(escape(_in_card(card, "fileCaption", "caption")))


def _button_card(card: GhostCard) -> str:
    return _boxed(_linked(_in_card(card, "buttonUrl", "url"), escape(_in_card(card, "buttonText", "text"))))


def _header_card(card: GhostCard) -> str:
    title, more = _in_card(card, "header", "heading"), _in_card(card, "subheader", "subheading")
    return (f"<h2>{title}</h2>" if title else "") + _boxed(more)


def _product_card(card: GhostCard) -> str:
    title = f"<h3>{_in_card(card, 'productTitle')}</h3>" if card.get("productTitle") else ""
    url = _in_card(card, "productUrl")
    link = _boxed(_linked(url, escape(_in_card(card, "productButton") or url)))
    return title + _in_card(card, "productDescription") + link


_CARDS: dict[str, Callable[[GhostCard], str]] = {
    **dict.fromkeys(("image", "card-image"), _picture_card),
    "gallery": _gallery_card,
    **dict.fromkeys(("code", "codeblock"), _code_card),
    **dict.fromkeys(("markdown", "card-markdown"), lambda card: html_of_markdown(_in_card(card, "markdown"))),
    "html": lambda card: _in_card(card, "html"),
    **dict.fromkeys(("hr", "horizontalrule"), lambda _: "<hr>"),
    "bookmark": _bookmark_card,
    "embed": _embed_card,
    "callout": _callout_card,
    "toggle": _toggle_card,
    **dict.fromkeys(("file", "audio", "video"), _file_card),
    "button": _button_card,
    "header": _header_card,
    "product": _product_card,
}
