"""Rules for the Markdown parser: bare URLs, and links of other dialects than Markdown, become links.

| dialect | example |
|---|---|
| GFM | `https://e.org/a` |
| Obsidian, Logseq, MediaWiki | `[[page]]`, `[[page|words]]` |
| Org | `[[https://e.org/a][words]]` |
| BBCode | `[url=https://e.org/a]words[/url]`, `[url]https://e.org/a[/url]` |
| Jekyll, Hexo, Hugo | `[words]({{ site.baseurl }}/a)`, `[words]({% post_url 2020-01-02-walk %})` |
| exports with spaces in URLs | `[words](https://e.org/a b.html)` |
| Hugo, Hexo | `{{< figure src="a.png" title="words" >}}`, `{% asset_img a.png words %}` |
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference, unescapeAll
from markdown_it.parser_inline import RuleFuncInlineType
from markdown_it.rules_core import StateCore, block
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from pipeline.markdown.fast_parse import simple_block_tokens
from pipeline.markdown.grouping import independent_groups
from pipeline.markdown.image_tags import image_tag_at
from pipeline.markdown.note_links import is_image_file
from pipeline.markdown.parsing import may_have_heading, new_parser
from pipeline.markdown.quick_parser import inline_children, quick
from pipeline.markdown.quick_tokens import fresh_token
from pipeline.urls.bare_urls import bare_url_at

WIKI = "wiki"  # in `meta["dialect"]` of a link to a page of the archive
WIKI_IMAGE = "wiki image"  # the same, of an image that a wiki link embeds
_SCHEME_AT_END = re.compile(r"https?\Z", re.IGNORECASE)
_WIKI = re.compile(r"!?\[\[(?![\s\d]*\]\])(?=\S)([^\[\]|\n\"']+?)(?<=\S)(?:\\?\|([^\[\]\n]*))?\]\](?![(\[:\]])")
_TOML_TABLE = re.compile(r"\[\[[\w.-]+\]\][ \t]*\n\s*(?:[\w.\"-]+[ \t]*=|\[)")  # of a Hugo post: no link
_ORG = re.compile(
    r"\[\[((?:https?://|mailto:|file:|\.{0,2}/)[^\[\]\n]+|[^\[\]\n]+\.\w{2,5})\]\[([^\[\]\n]+)\]\]", re.IGNORECASE
)
_BBCODE = re.compile(
    r"\[url=(?P<quote>[\"']?)(?P<url>[^\]\"'\s]+)(?P=quote)\](?P<words>[^\n]*?)\[/url\]"
    r"|\[(?P<tag>url|img)(?:=[\dx]+)?\][ ]*(?P<plain>[^\s\[\]]+)[ ]*\[/(?P=tag)\]",
    re.IGNORECASE,
)
_URL_OR_SPACES = r"(?:[^()<>\n\" ]|[ ]++)"  # a character, or all spaces: none is tried as the end of the URL
_WITH_SPACES = re.compile(
    rf"!?\[(?P<words>[^\[\]\n]*)\]\([ ]*+(?P<url>(?:https?://|\.{{0,2}}/){_URL_OR_SPACES}*?|{_URL_OR_SPACES}*?\.[A-Za-z][A-Za-z0-9]{{1,4}}"
    rf"|(?:https?://|\.{{0,2}}/)[^()<>\n\"]*\([^()<>\n\"]*\){_URL_OR_SPACES}*?)"
    r"(?:[ ]+(?:\"(?P<title>[^\"\n]*)\"|'[^'\n]*'))?[ ]*\)"
)
_TAGGED_LINK = re.compile(  # `[words]({{ "/a.png" | relative_url }})`; see target_tags.py
    r"!?\[(?P<words>[^\[\]\n]*)\]\([ ]*(?P<url>(?:\{\{[^{}\n]*\}\}|\{%[^{}\n]*%\})[^\s()<>\"]*)"
    r"(?:[ ]+(?:\"(?P<title>[^\"\n]*)\"|'[^'\n]*'))?[ ]*\)"
)
LINK_SIGNS = ("[", "<", "&", "\\", "{%", "://", "@")
_SMALL_LINK_SIGNS = ("www.", "script:", "data:")  # the same, in small letters or capitals
_WITH_CONTENT = frozenset({"heading_open", "inline", "html_block"})  # tokens that links and headings are read from
_NO_PAGE = frozenset({"toc", "_toc_"})  # [[toc]] is where a table of contents goes


@cache
def link_parser() -> MarkdownIt:
    """Return the parser that reads links of all dialects; it keeps no state between texts."""
    return quick(new_link_parser())


def new_link_parser() -> MarkdownIt:
    """Return the Markdown parser, changed to read links of all dialects, unsafe ones too, as written."""
    reader = new_parser()
    reader.validateLink = lambda url: url is not None  # type: ignore[method-assign]
    reader.normalizeLink = lambda url: url  # type: ignore[method-assign]
    for rule in reader.inline.ruler.__rules__:
        if rule.name in {"link", "image", "autolink"}:
            rule.fn = _with_offset(rule.fn)
    reader.core.ruler.at("block", _simple_blocks)
    reader.core.ruler.at("inline", _inline_with_links)
    reader.inline.ruler.before("escape", "bare_url", _bare_url)
    reader.inline.ruler.before("link", "dialect", _dialect)
    reader.inline.ruler.after("image", "spaces", _with_spaces)
    reader.inline.ruler.after("spaces", "image_tag", _site_image)
    return reader


def link_tokens(text: str) -> list[Token]:
    """Return the tokens of the blocks that are headings or may have links, with inline tokens as children.

    The groups of blocks are read one by one, unless notes or link definitions of one are for others.
    """
    groups = independent_groups(text)
    if not groups:
        return link_parser().parse(text)
    tokens: list[Token] = []
    line = done = 0
    for group in groups:
        if _may_have_links(group.text) or may_have_heading(group.text):
            line += text.count("\n", done, group.start)
            done = group.start
            tokens += _with_links(group.blocks.tokens, line)
    return tokens


def _with_links(blocks: list[Token], first_line: int) -> Iterator[Token]:
    """Yield copies of the tokens that have links or start a heading, of blocks that start at a line of a text."""
    heading = False
    for one in blocks:
        if one.map and one.type in _WITH_CONTENT:
            token = fresh_token(one.type, one.tag, one.nesting)
            token.content, token.map = one.content, [one.map[0] + first_line, one.map[1] + first_line]
            if one.type == "inline" and (heading or _may_have_links(one.content)):
                token.children = inline_children(link_parser(), one.content, {})
            yield token
        heading = one.type == "heading_open"


def _simple_blocks(state: StateCore) -> None:
    """Parse the blocks of a text; patterns tell the simplest ones."""
    tokens = simple_block_tokens(state.src) if not state.inlineMode else []
    if tokens:
        state.tokens += tokens
    else:
        block(state)


def _inline_with_links(state: StateCore) -> None:
    """Parse the inline tokens that may have links, and those of headings; the others get no children."""
    before = ""
    for token in state.tokens:
        if token.type == "inline":
            token.children = []
            if state.inlineMode or before == "heading_open" or _may_have_links(token.content):
                state.md.inline.parse(token.content, state.md, state.env, token.children)
        before = token.type


def _may_have_links(content: str) -> bool:
    """Return whether a text may have links, images, HTML or bare URLs; escapes and entities may hide one."""
    for sign in LINK_SIGNS:  # `any` takes three times as long
        if sign in content:
            return True
    small = content.lower()
    return any(sign in small for sign in _SMALL_LINK_SIGNS)


def _with_offset(rule: RuleFuncInlineType) -> RuleFuncInlineType:
    """Return the inline rule, changed to store the offset in the paragraph in its token, as `meta["at"]`."""

    def rule_with_offset(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - as markdown-it calls it
        start, before = state.pos, len(state.tokens)
        matched = rule(state, silent)
        if matched and not silent:
            new = next((token for token in state.tokens[before:] if token.type in {"link_open", "image"}), None)
            if new:
                new.meta["at"] = start
        return matched

    return rule_with_offset


def _bare_url(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - as markdown-it calls it
    """Read a URL whose scheme is the end of the text so far."""
    if state.linkLevel or not state.src.startswith("://", state.pos):
        return False
    scheme = _SCHEME_AT_END.search(state.src, max(0, state.pos - 5), state.pos)
    if not scheme or (not silent and not state.pending.endswith(scheme[0])):
        return False
    url = bare_url_at(state.src, scheme.start())
    if len(url) <= state.pos + 3 - scheme.start():
        return False
    if not silent:
        state.pending = state.pending[: -len(scheme[0])]
        _push(state, unescapeAll(url), unescapeAll(url), scheme.start())
    state.pos = scheme.start() + len(url)
    return True


def _dialect(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - as markdown-it calls it
    """Read a wiki link, a link of Org or one of BBCode."""
    if state.linkLevel or state.src[state.pos] not in "[!":
        return False
    if match := _WIKI.match(state.src, state.pos):
        page = match[1]
        before = state.src[state.pos - 1 : state.pos] if state.pos else ""
        known = normalizeReference(page) in state.env.get("references", ())
        embedded = match[0][0] == "!"
        table = (state.pos == 0 or before in "\n\t ") and _TOML_TABLE.match(state.src, state.pos)
        if table or known or page.lower() in _NO_PAGE or before.isalnum() or before in {")", "]"}:
            return False
        if embedded and not is_image_file(page):
            return False
        if not silent:
            web = page.startswith(("http://", "https://"))
            _push(state, page, match[2] or page, state.pos, WIKI_IMAGE if embedded else "" if web else WIKI)
    elif match := _ORG.match(state.src, state.pos):
        if not silent:
            _push(state, match[1].removeprefix("file:"), match[2], state.pos)
    elif match := _BBCODE.match(state.src, state.pos):
        if not silent:
            url = match["url"] or match["plain"]
            _push(
                state, url, match["words"] or url, state.pos, "image" if (match["tag"] or "").lower() == "img" else ""
            )
    else:
        return False
    state.pos = match.end()
    return True


def _with_spaces(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - as markdown-it calls it
    """Read a link or an image whose URL has spaces; the rules of Markdown did not read it as one."""
    if state.linkLevel or state.src[state.pos] not in "[!":
        return False
    match = _TAGGED_LINK.match(state.src, state.pos) or _WITH_SPACES.match(state.src, state.pos)
    if not match or (match.re is _WITH_SPACES and " " not in match["url"].strip()):
        return False
    if not silent:
        image = match[0][0] == "!"
        _push(state, match["url"].strip(), match["words"], state.pos, "image" if image else "")
        state.tokens[-3].attrs["title"] = match["title"] or ""
    state.pos = match.end()
    return True


def _site_image(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - as markdown-it calls it
    """Read an image tag of a site generator."""
    tag = image_tag_at(state.src, state.pos) if state.src[state.pos] == "{" else None
    if not tag:
        return False
    if not silent:
        _push(state, tag.target, tag.words, state.pos, "image")
    state.pos = tag.end
    return True


def _push(state: StateInline, url: str, words: str, at: int, dialect: str = "") -> None:
    """Add the tokens of a link to the parser's state."""
    opening: Token = state.push("link_open", "a", 1)
    opening.attrs = {"href": url}
    opening.meta = {"at": at, "dialect": dialect}
    state.push("text", "", 0).content = words
    state.push("link_close", "a", -1)
