"""A container -> one document: its parts one after the other, each below its title."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.document import Document, FrontValue, SkipDocument, Source
from pipeline.markdown import matches_outside_code
from pipeline.markdown.front_matter import front_matter_of
from pipeline.markdown.yaml_writer import yaml_front_matter
from pipeline.read.pages.inlines import escaped
from pipeline.read.readers import Reader

_NOTE_MARK = re.compile(r"\[\^(\d+)\]")


def joined_parts(reader: Reader, source: Source) -> tuple[Document, Mapping[str, bytes]]:
    """Return the parts of a container as one document, and the files of their pictures.

    A part that cannot be read is left out, with a note. Raises SkipDocument if there is none.
    """
    found: list[Document] = []
    left_out: list[str] = []
    files: dict[str, bytes] = {}
    for name, data in reader.parts(source).items() if reader.parts else ():
        try:
            document, pictures = reader.read(Source(source.path, data, part=True))
        except SkipDocument:
            left_out.append(name)
            continue
        found.append(document)
        files |= pictures
    if not found:
        message = "has no part that can be read; save it again, or add the file to `ignore`"
        raise SkipDocument(message)
    digest = hashlib.sha256(source.data).hexdigest()
    first = replace(found[0], meta=replace(found[0].meta, sha256=digest))
    if len(found) == 1:
        made = first
    else:
        parts = [_titled_part(document, number) for number, document in enumerate(found, 1)]
        text = "\n\n".join(parts)
        made = replace(first, text=f"{_common_front_matter(found)}{text}\n")
    if left_out:
        made = made.noted("read", f"parts that cannot be read: {', '.join(left_out)}")
    return made, files


def _titled_part(document: Document, number: int) -> str:
    """Return a document as a part of another: its title, its URL, its text; numbers of notes are those of the part."""
    fields, text = _fields_and_text(document.text)
    for match in reversed(list(matches_outside_code(_NOTE_MARK, text))):
        text = f"{text[: match.start()]}[^{number}-{match[1]}]{text[match.end() :]}"
    url = fields.get("source_url", "")
    title = escaped(" ".join(str(fields.get("title") or url or number).split()))
    return "\n\n".join(filter(None, (f"# {title}", f"<{url}>" if url else "", text.strip())))


def _common_front_matter(documents: Sequence[Document]) -> str:
    """Return the fields that all documents share; the title is that of their series, else of the first."""
    all_fields = [_fields_and_text(one.text)[0] for one in documents]
    first = all_fields[0]
    shared = {key: value for key, value in first.items() if all(one.get(key) == value for one in all_fields)}
    title = shared.pop("series", "") or first.get("title", "")
    fields = {"title": title} | {key: value for key, value in shared.items() if key != "title"}
    given = {key: value for key, value in fields.items() if value}
    return yaml_front_matter(given) if given else ""


def _fields_and_text(text: str) -> tuple[dict[str, FrontValue], str]:
    """Return the fields of the front matter of a text, and the text below it."""
    found = front_matter_of(text)
    return (found.fields, text[len(found.block) :]) if found else ({}, text)
