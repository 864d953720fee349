"""Documents of other formats (`.docx`, `.odt`, `.rtf`, `.rst`, `.org`, `.ipynb`): pandoc -> HTML -> Markdown.

pandoc runs in its sandbox, with limits on time and memory. Pictures of the document become `data:` URLs of the HTML.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from xml.sax.saxutils import unescape

from pipeline.document import Document, Encoding, Metadata, SkipDocument, Source
from pipeline.markdown.pandoc import BYTES_PER_SECOND, MOST_READING_SECONDS, run_sandboxed
from pipeline.read.decode import decode
from pipeline.read.exports.odt_code import with_code_blocks, with_code_marked
from pipeline.read.exports.odt_formulas import with_formulas_found, with_inline_formulas
from pipeline.read.html import SavedPage, document_of_page
from pipeline.read.kinds import suffix_of_name
from pipeline.read.readers import READER_VERSIONS, Reader

PANDOC_NAMES = {
    "docx": "docx",
    "odt": "odt",
    "rtf": "rtf",
    "rst": "rst",
    "rest": "rst",
    "org": "org",
    "ipynb": "ipynb",
}
ZIPPED = {"docx", "odt"}
TEXTS = {"rst", "rest", "org", "ipynb"}  # which our own detector decodes
MOST_MEMBERS = 20_000  # files in one archive
MOST_UNPACKED = 300 * 2**20  # bytes of all files of an archive together
MOST_RATIO = 200  # of unpacked to packed bytes, above SMALL_UNPACKED; text has 10
SMALL_UNPACKED = 2**20
TOO_MUCH_UNPACKED = f"is an archive of more than {MOST_MEMBERS:,} files or {MOST_UNPACKED // 2**20} MB; split it"
UNPACKS_TO_FAR_MORE = "is an archive that unpacks to far more than a document holds; it may be an attack"
NAMES_LEAD_OUTSIDE = "is an archive with file names that lead outside of it; it may be an attack"
MOST_SECONDS = 60  # of CPU time of pandoc for one document
_ZIP_START = b"PK\x03\x04"
_RIGHTS = ("META-INF/rights.xml", "META-INF/license.lcpl", "META-INF/sinf.xml")  # of Adobe and Kobo, LCP, Apple
_FONT_OBFUSCATION = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_ALGORITHM = re.compile(r'EncryptionMethod[^>]*Algorithm\s*=\s*["\']([^"\']+)')


def sniff_format(data: bytes) -> bool:
    """Return whether bytes can be one of the formats: an archive, or text."""
    return data.startswith((_ZIP_START, rb"{\rtf")) or b"\0\0" not in data[:4096]


def sniff_archive(data: bytes) -> bool:
    """Return whether bytes start as a ZIP archive."""
    return data.startswith(_ZIP_START)


def read_with_pandoc(source: Source) -> tuple[Document, Mapping[str, bytes]]:
    """Return a document of another format as Markdown, and the files of its pictures.

    Raises SkipDocument if it is encrypted, damaged, or larger than the limits.
    """
    suffix = suffix_of_name(source.path.name)
    document = Document(
        source.path, "", Metadata(hashlib.sha256(source.data).hexdigest(), Encoding("utf-8", 1.0, "utf-8"))
    )
    data = source.data
    if suffix in ZIPPED:
        check_archive(data, suffix)
        data = with_code_marked(with_formulas_found(data)) if suffix == "odt" else data
    elif suffix in TEXTS:
        document = decode(source)
        data = document.text.removeprefix("\ufeff").encode()
    seconds = min(MOST_SECONDS, 2 * MOST_READING_SECONDS + len(data) // BYTES_PER_SECOND)
    how = ("--standalone", "--embed-resources", "--mathjax", "--syntax-highlighting=none", "--wrap=none")
    try:
        made = run_sandboxed("-f", PANDOC_NAMES[suffix], "-t", "html5", *how, data=data, seconds=seconds)
    except RuntimeError as error:
        reason = str(error).partition("\n")[0][:200]
        message = f"pandoc cannot read it as {PANDOC_NAMES[suffix]}: {reason}; save it again, or convert it to Markdown"
        raise SkipDocument(message) from error
    html = _without_title_block(made.decode("utf-8", "replace"))
    html = with_code_blocks(with_inline_formulas(html)) if suffix == "odt" else html
    page = SavedPage(html, source.path.name, extract=False)
    return document_of_page(replace(document, text=""), page)


def _without_title_block(html: str) -> str:
    """Return pandoc's page without the header that repeats its metadata; the default title is not one."""
    html = re.sub(r'<header id="title-block-header">.*?</header>', "", html, count=1, flags=re.DOTALL)
    return re.sub(r"<title>(?:-|Untitled)?</title>", "", html, count=1)


def check_archive(data: bytes, suffix: str) -> None:
    """Raise SkipDocument if an archive is damaged, encrypted, or unpacks to more than the limits."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            unpacked, packed = sum(one.file_size for one in members), sum(one.compress_size for one in members)
            if len(members) > MOST_MEMBERS or unpacked > MOST_UNPACKED:
                raise SkipDocument(TOO_MUCH_UNPACKED)
            if unpacked > SMALL_UNPACKED and unpacked > MOST_RATIO * max(1, packed):
                raise SkipDocument(UNPACKS_TO_FAR_MORE)
            if any(leads_outside(one.filename) for one in members):
                raise SkipDocument(NAMES_LEAD_OUTSIDE)
            if suffix == "epub" and _is_encrypted(archive):
                message = "is an e-book with DRM, which Lacuna does not read; add it to `ignore` in the settings"
                raise SkipDocument(message)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        message = "is a damaged archive; download it again"
        raise SkipDocument(message) from error


def leads_outside(name: str) -> bool:
    """Return whether the name of a file in an archive leads out of it.

    >>> leads_outside("../a"), leads_outside("/a"), leads_outside("posts/a..b.html")
    (True, True, False)
    """
    return name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name)


def _is_encrypted(archive: zipfile.ZipFile) -> bool:
    """Return whether the texts of an e-book are encrypted; obfuscated fonts are not enough."""
    names = set(archive.namelist())
    if not names.isdisjoint(_RIGHTS):
        return True
    if "META-INF/encryption.xml" not in names or archive.getinfo("META-INF/encryption.xml").file_size > SMALL_UNPACKED:
        return "META-INF/encryption.xml" in names
    written = archive.read("META-INF/encryption.xml").decode("utf-8", "replace")
    return any(unescape(found) not in _FONT_OBFUSCATION for found in _ALGORITHM.findall(written))


READER = Reader("pandoc", tuple(PANDOC_NAMES), sniff_format, read_with_pandoc, READER_VERSIONS["pandoc"])
