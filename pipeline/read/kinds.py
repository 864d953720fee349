"""File name -> the kind of file it names. Only documents can be posts; the summary counts the other kinds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum


class FileKind(StrEnum):
    """What a file of raw/ counts as. BARE is a name without a suffix; CONVERTIBLE is what pandoc reads.

    A FEED may hold posts, and a ZIPPED file an export of them: only their bytes show it.
    """

    DOCUMENT = "document"
    WEB_PAGE = "web_page"
    CONVERTIBLE = "convertible"
    BARE = "bare"
    FEED = "feed"
    ZIPPED = "zipped"
    IMAGE = "image"
    MEDIA = "media"
    CODE = "code"
    DATA = "data"
    TEMPLATE = "template"
    ARCHIVE = "archive"
    UNSUPPORTED = "unsupported"
    DRAFT = "draft"
    LEFT_OUT = "left_out"
    REPOSITORY = "repository"
    LISTING = "listing"
    BACKUP = "backup"
    OUTSIDE = "outside"
    FOLDER = "folder"
    IGNORED = "ignored"
    OTHER = "other"
    HIDDEN = "hidden"


PASSED_OVER = {  # kind -> one of it, several of it; in the order of the summary
    FileKind.IMAGE: ("image", "images"),
    FileKind.MEDIA: ("audio or video file", "audio or video files"),
    FileKind.CODE: ("code file", "code files"),
    FileKind.DATA: ("data file", "data files"),
    FileKind.TEMPLATE: ("template", "templates"),
    FileKind.ARCHIVE: ("archive file that is not unpacked", "archive files that are not unpacked"),
    FileKind.UNSUPPORTED: ("document of an unsupported kind", "documents of unsupported kinds"),
    FileKind.WEB_PAGE: ("web page", "web pages"),
    FileKind.CONVERTIBLE: ("document of another format", "documents of other formats"),
    FileKind.DRAFT: ("draft", "drafts"),
    FileKind.LEFT_OUT: ("post that you decided to skip", "posts that you decided to skip"),
    FileKind.REPOSITORY: ("repository file", "repository files"),
    FileKind.LISTING: ("list page", "list pages"),
    FileKind.BACKUP: ("backup copy", "backup copies"),
    FileKind.OUTSIDE: ("document in other folders", "documents in other folders"),
    FileKind.FOLDER: ("folder", "folders"),
    FileKind.IGNORED: ("ignored file", "ignored files"),
    FileKind.OTHER: ("other file", "other files"),
}
MARKDOWN_SUFFIXES = "md markdown mdown mdwn mkd mkdn mkdown mdtext mdtxt mdx qmd rmd"
_SUFFIXES_OF_KINDS = {
    FileKind.DOCUMENT: f"{MARKDOWN_SUFFIXES} txt text",
    FileKind.WEB_PAGE: "html htm xhtml mhtml mht shtml warc wacz",
    FileKind.CONVERTIBLE: "epub docx odt rtf rst rest org ipynb",
    FileKind.FEED: "xml rss atom json",
    FileKind.ZIPPED: "zip tar",
    FileKind.IMAGE: "png jpg jpeg jpe gif webp svg svgz bmp ico icns tif tiff avif heic heif jxl psd ai eps"
    " xcf sketch fig drawio excalidraw raw cr2 nef dng tga",
    FileKind.MEDIA: "mp3 mp4 m4a m4v mov avi mkv webm wav flac ogg oga ogv opus aac wma wmv mpg mpeg 3gp"
    " flv mid midi aiff",
    FileKind.CODE: "c h cc cpp cxx hpp hh mm cs java kt kts scala groovy clj cljs go rs zig nim swift"
    " dart py pyi pyx pyw rb rake gemspec php pl pm lua r jl hs lhs elm ml mli fs fsx ex exs"
    " erl hrl lisp el scm rkt vim asm sv vhd vhdl js mjs cjs jsx ts mts cts tsx vue"
    " svelte astro coffee css scss sass less styl map wasm sh bash zsh fish ps1 psm1 bat cmd"
    " awk sed sql graphql proto thrift mk cmake gradle tf nix dockerfile sol cu vb vbs"
    " bas pas f f90 tcl patch diff lean agda glsl hlsl frag vert po pot mo",
    FileKind.DATA: "jsonl ndjson json5 jsonc geojson webmanifest yaml yml toml ini cfg conf config"
    " properties env lock csv tsv xsd xsl xslt opml plist db sqlite sqlite3"
    " parquet npy npz pkl mat h5 log pem crt key pub sum sig sha256 md5 url webloc desktop"
    " ics vcf gpx kml bib bst cls sty ttf otf woff woff2 eot canvas base edn rdf ttl srt vtt"
    " ass lrc dat tmlanguage editorconfig gitignore example",
    FileKind.TEMPLATE: "j2 jinja jinja2 tmpl tpl ejs njk hbs handlebars mustache liquid pug jade haml slim"
    " erb swig twig ftl gohtml templ tt",
    FileKind.ARCHIVE: "gz bz2 xz zst 7z rar lzma jar war whl apk iso dmg deb rpm cab bundle mobipocket",
    FileKind.UNSUPPORTED: "adoc asciidoc asc tex latex ltx textile wiki mediawiki creole pod"
    " rdoc typ pdf ps djvu doc dot dotx ott pages ppt pptx odp key xls"
    " xlsx ods numbers mobi azw azw3 fb2 chm one wps wpd eml mbox msg enex"
    " textbundle textpack scriv ged nfo webarchive",
    FileKind.BACKUP: "bak backup orig rej old save sav swp swo swn tmp temp part partial crdownload download",
    FileKind.OTHER: "exe dll so dylib o a lib bin class pyc pyo node out app msi ds_store torrent pid",
}
_KIND_OF_SUFFIX = {suffix: kind for kind, suffixes in _SUFFIXES_OF_KINDS.items() for suffix in suffixes.split()}
_WEB_CODE = {"css", "scss", "sass", "less", "styl", "map", "js", "mjs"}  # a copy of a website holds these too
_NAMES_OF_KINDS = {
    FileKind.CODE: "makefile gnumakefile dockerfile containerfile vagrantfile jenkinsfile rakefile gemfile"
    " brewfile procfile podfile justfile caddyfile guardfile capfile cmakelists.txt configure"
    " gradlew mvnw",
    FileKind.DATA: "robots.txt humans.txt ads.txt security.txt llms.txt llms-full.txt sitemap.txt"
    " urllist.txt hts-log.txt cookies.txt requirements.txt constraints.txt meson_options.txt manifest.in cname"
    " codeowners thumbs.db desktop.ini",
    FileKind.HIDDEN: "pipeline.toml decisions.jsonl",  # Lacuna's own, where raw/ is the archive's folder
}
COUNTED_AS: dict[str, FileKind] = {  # files without a post in them
    FileKind.FEED: FileKind.DATA,
    FileKind.ZIPPED: FileKind.ARCHIVE,
}
_KIND_OF_NAME = {name: kind for kind, names in _NAMES_OF_KINDS.items() for name in names.split()}
_REQUIREMENTS = re.compile(r"(?:requirements|constraints)[-_.][\w-]+\.txt|[\w-]+[-_.]requirements\.txt")
_QUERY = re.compile(r"[?@][^?@=/]+=[^/]*\Z|[?](?:utm|ref|share)\b[^/]*\Z")
_PACKED_TAR = re.compile(r".\.(?:t(?:ar\.)?(?:gz|bz2?|xz|zst))\Z", re.DOTALL)
_COUNTER = re.compile(r"\.\d{1,3}\Z")
_SUFFIX = (
    re.compile(  # of a kind that we do not know; the words of a title are longer, or have a capital: St.Petersburg
        r".\.(?![A-Z][a-z]{3})[A-Za-z][A-Za-z0-9_+-]{0,8}\Z", re.ASCII | re.DOTALL
    )
)
_BACKUP = re.compile(r".~(?:\d+~)?\Z|\A#.+#\Z|\A~\$", re.DOTALL)  # of Emacs, Vim and Office
_PLAIN_MARKDOWN = re.compile(r"[^.~#?@]+\.md")  # most names of posts: no other rule is about them
_DRAWING = re.compile(r"\.(?:excalidraw|drawio)\.md\Z")


def kind_of_name(name: str) -> str:
    """Return the kind of a file by its name; BARE if the name has no suffix.

    >>> [str(kind_of_name(name)) for name in ("a.md", "A.TXT", "x.py", "a.md~", "logo.svg", "第1.5章 归来")]
    ['document', 'document', 'code', 'backup', 'image', 'bare']

    wget appends queries and counters to names:

    >>> [str(kind_of_name(name)) for name in ("index.html?page=2", "notes.txt.1", "my-post", "my-post.1")]
    ['web_page', 'document', 'bare', 'bare']
    """
    if _PLAIN_MARKDOWN.fullmatch(name):
        return FileKind.DOCUMENT
    folded = name.casefold()
    if ("~" in folded or folded.startswith("#")) and _BACKUP.search(folded):
        return FileKind.BACKUP
    if folded.endswith(".md") and _DRAWING.search(folded):
        return FileKind.IMAGE
    if kind := _KIND_OF_NAME.get(folded):
        return kind
    if folded.endswith(".txt") and _REQUIREMENTS.fullmatch(folded):
        return FileKind.DATA
    suffix = suffix_of_name(name)
    return _KIND_OF_SUFFIX.get(suffix, FileKind.OTHER) if suffix else FileKind.BARE


def suffix_of_name(name: str) -> str:
    """Return the suffix of a file name in lower case, without what wget adds; "" if it has none.

    >>> suffix_of_name("A.HTM"), suffix_of_name("index.html?page=2"), suffix_of_name("notes.txt.1"), suffix_of_name("a")
    ('htm', 'html', 'txt', '')
    >>> suffix_of_name("crawl.warc.gz"), suffix_of_name("blog.tar.zst"), suffix_of_name("logs.gz")
    ('warc', 'tar', 'gz')
    """
    if _PLAIN_MARKDOWN.fullmatch(name):
        return "md"
    folded = name.casefold()
    if folded.endswith(".warc.gz"):
        return "warc"
    if _PACKED_TAR.search(folded):
        return "tar"
    for written in (folded, _QUERY.sub("", folded), _COUNTER.sub("", folded)):
        stem, _, suffix = written.rpartition(".")
        if stem and suffix in _KIND_OF_SUFFIX:
            return suffix
    return folded.rpartition(".")[2] if _SUFFIX.search(name) else ""


def is_program(name: str) -> bool:
    """Return whether a name is that of a program's source or build file; style sheets and scripts of pages are not.

    >>> [name for name in ("run.py", "Makefile", "style.css", "a.md") if is_program(name)]
    ['run.py', 'Makefile']
    """
    return kind_of_name(name) == FileKind.CODE and name.rpartition(".")[2].casefold() not in _WEB_CODE


def passed_over_in_words(counts: Mapping[str, int]) -> str:
    """Return counts by kind in words; empty if there are none.

    >>> passed_over_in_words({"code": 5, "image": 12, "draft": 1})
    '12 images, 5 code files, 1 draft'
    """
    listed = [(counts[kind], words) for kind, words in PASSED_OVER.items() if counts.get(kind)]
    return ", ".join(f"{number:,} {words[number > 1]}" for number, words in listed)
