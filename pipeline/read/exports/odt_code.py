"""Code of an ODT file, a paragraph for each line, -> blocks of code; pandoc reads the lines as paragraphs of text."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from pipeline.read.exports.odt_formulas import TEXT_FILE, with_files

STYLES_FILE = "styles.xml"
MOST_SPACES = 200  # of one element for spaces
SPACES_OF_TAB = 4
_LINE_OF_CODE = "\ue0c0\ue0c1"  # before each line, from here to the page that pandoc makes; private-use characters
_SPACE = "\ue0c2"  # pandoc would join spaces
_CODE_STYLES = re.compile(r"(?:HTML_20_)?Preformatted(?:_20_Text)?|Source_?(?:20_)?Code|Code(?:_20_Block)?|Listing")
_STYLE = re.compile(r"<style:style\b[^<>]*>")
_PARAGRAPH = re.compile(
    r'<text:p\b([^<>]*?\btext:style-name="([^"<>]+)"[^<>]*?)(?:/>|>((?:(?!<text:p\b).)*?)</text:p>)', re.DOTALL
)
_ODT_SPACES = re.compile(r'<text:s\b(?:[^<>]*?\btext:c="(\d{1,6})")?[^<>]*/>')
_TAB = re.compile(r"<text:tab\b[^<>]*/>")
_LINES = re.compile(rf"(?:<p>{_LINE_OF_CODE}(?:(?!</p>).)*</p>\s*)+", re.DOTALL)
_LINE = re.compile(rf"<p>{_LINE_OF_CODE}((?:(?!</p>).)*)</p>", re.DOTALL)


def with_code_marked(odt: bytes) -> bytes:
    """Return an ODT file in which each line of code starts with a mark; unchanged if it has none or is damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(odt)) as archive:
            text = archive.read(TEXT_FILE).decode()
            styles = archive.read(STYLES_FILE).decode() if STYLES_FILE in archive.namelist() else ""
    except (zipfile.BadZipFile, zlib.error, KeyError, OSError, RuntimeError, NotImplementedError, UnicodeDecodeError):
        return odt
    parents = dict(filter(None, map(_name_and_parent, _STYLE.findall(styles + text))))
    made = _PARAGRAPH.sub(lambda match: _marked_code(match, parents), text)
    return odt if made == text else with_files(odt, {TEXT_FILE: made.encode()})


def _name_and_parent(style: str) -> tuple[str, str] | None:
    """Return the name of a style and that of the style that it is based on."""
    name, parent = (re.search(rf'\bstyle:{key}="([^"]*)"', style) for key in ("name", "parent-style-name"))
    return (name[1], parent[1]) if name and parent else None


def _marked_code(match: re.Match[str], parents: dict[str, str]) -> str:
    """Return a paragraph with a mark if its style is one of code, or based on one."""
    style, seen = match[2], set[str]()
    while not _CODE_STYLES.fullmatch(style):
        seen.add(style)
        style = parents.get(style, "")
        if not style or style in seen:
            return match[0]
    inner = _ODT_SPACES.sub(lambda spaces: _SPACE * min(int(spaces[1] or 1), MOST_SPACES), match[3] or "")
    inner = _TAB.sub(_SPACE * SPACES_OF_TAB, inner)
    return f"<text:p{match[1]}>{_LINE_OF_CODE}{inner}</text:p>"


def with_code_blocks(html: str) -> str:
    """Return pandoc's page with marked lines as blocks of code: `<p>Ma</p><p>Mb</p>` -> `<pre>a` and `b</pre>`."""
    made = _LINES.sub(lambda block: f"<pre>{chr(10).join(_LINE.findall(block[0]))}</pre>\n", html)
    return made.replace(_LINE_OF_CODE, "").replace(_SPACE, " ")
