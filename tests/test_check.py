"""`lacuna check`: a repository with 50 planted faults, and the same files without them."""

from __future__ import annotations

import json

from tests.conftest import ROOT, command

TEXTS = ROOT / "tests" / "corpus" / "texts"
MIXED = (  # language, codec of one line in a file of UTF-8 (or of another codec)
    *(("de", "cp1252"), ("fr", "latin-1"), ("es", "cp1252"), ("pl", "iso8859-2"), ("cs", "cp1250")),
    *(("ru", "cp1251"), ("uk", "koi8-u"), ("ja", "shift_jis"), ("ko", "euc_kr"), ("zh", "gbk")),
)
MOJIBAKE = (  # language, the codec that a line's UTF-8 was decoded as
    *(("de", "cp1252"), ("fr", "latin-1"), ("es", "cp1252"), ("pt", "mac-roman"), ("cs", "cp1250"), ("pl", "cp1252")),
    *(("ru", "latin-1"), ("uk", "latin-1"), ("el", "latin-1"), ("he", "latin-1"), ("ar", "latin-1"), ("tr", "cp1252")),
    *(("vi", "latin-1"), ("th", "latin-1"), ("hi", "latin-1"), ("ja", "latin-1"), ("ko", "latin-1"), ("zh", "latin-1")),
    *(("ru", "cp437"), ("fr", "cp437")),
)
CONTROLS = ("\x00", "\x08", "\x1b", "\x7f", "\x0b", "\x01", "\x90", "\ufeff", "\ufffe", "\x1f")
TROJANS = (  # of trojansource.codes (CVE-2021-42574): the shapes of its attacks, in several languages of programs
    'if (level != "user\u202e \u2066// Check if admin\u2069 \u2066") {',
    "/*\u202e } \u2066if (isAdmin)\u2069 \u2066 begin admins only */",
    "    '''Subtract funds and then \u2067''' ;return",
    "# \u202b the comment never ends",
    "let name = 'a\u2068';",
    "x = 1 \u2069 # ends nothing",
    "y = 2 \u202c # ends nothing",
    "const s = '\u202dabc\u202c';",
    "print('\u2066a') # \u2067 \u2069",
    "A file named photo\u202egpj.exe",
)
SOUND = {  # what looks like a fault, and is none
    "isolates.md": "\u2068שלום\u2069 is Hebrew; \u200fעברית\u200e; \u202aab\u202c.\n",
    "arabic.md": "مرحبا \u2066(lacuna)\u2069 بك\n",
    "crlf.txt": "a\r\nb\r\n",
    "page.txt": "one\n\fchapter two\n",
    "bom.md": "\ufeffcafé\n",
    "emoji.md": "👩‍👩‍👧 zero-width joiners, क्‍ष, ‌می‌خواهم\n",
    "about.md": "# Mojibake\n\nWhere you see `Ã©` instead of é, UTF-8 was decoded as Latin-1.\n",
    "typography.md": "“Quotes” — dashes… ½ × ÷ ±, Ångström, “Ça va?”, naïve, El Niño\n",
    "table.py": "LETTERS = 'ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ'\n",
    "portuguese.md": "Ã is a letter of Portuguese: SÃO PAULO, MÃE, NÃO, CORAÇÃO, IRMÃ\n",
    "romanian.md": "Romanian: Ştefan, țară, Â, Î, ÎN ROMÂNIA. Vietnamese: Âm nhạc, ƯU ĐÃI, ĐÃ BÁN\n",
    "phonetics.md": "IPA: /ˈnæʃənəl/, ʃ, ʒ, ŋ; Maltese: Ċ ġ ħ ż; Welsh: ŵ ŷ; Hawaiian: ʻokina\n",
    "kana.txt": "ﾊﾝｶｸ ｶﾀｶﾅ ﾃｷｽﾄ\n全角　スペース\n",
    "frames.md": "┌──┐ │ ├─┤ └──┘ ░▒▓█ ▲▼ ♥ ♪ ∀x∈ℝ: ⌈x⌉ = −⌊−x⌋, ¬β, 10⁻³\n",
    "marks.md": "¿Qué? ¡Sí! «Où?» „Ja“ ‚so‘ ›x‹ 1º 2ª N° 5′ 6″ £5, €3, ¥100, ¢50, §12, ¶3, µm, ¼\n",
    "code.py": "PATTERN = '[\\x00-\\x1f]'  # escapes are text\n",
}


def text_of(language: str) -> str:
    """Return a sound text of a language."""
    return (TEXTS / language / "library.md").read_text("utf-8")


def damaged_line(lines: list[str]) -> int:
    """Return the index of the line with most letters outside ASCII."""
    return max(range(len(lines)), key=lambda at: sum(not char.isascii() for char in lines[at]))


def planted() -> dict[str, tuple[bytes, int, str]]:
    """Return files with one fault each: name -> bytes, the line, the kind."""
    files: dict[str, tuple[bytes, int, str]] = {}
    for number, (language, codec) in enumerate(MOJIBAKE):
        lines = text_of(language).split("\n")
        at = damaged_line(lines)
        lines[at] = lines[at].encode().decode(codec, "ignore")
        files[f"mojibake-{number}-{language}-{codec}.md"] = ("\n".join(lines).encode(), at + 1, "mojibake")
    for language, codec in MIXED:
        lines = text_of(language).split("\n")
        at = damaged_line(lines)
        raw = [line.encode() for line in lines]
        raw[at] = lines[at].encode(codec, "ignore")
        files[f"mixed-{language}-{codec}.md"] = (b"\n".join(raw), at + 1, "encoding")
    for number, char in enumerate(CONTROLS):
        files[f"control-{number}.md"] = (f"# A title\n\nA line\nof wo{char}rds.\n".encode(), 4, "control")
    for number, line in enumerate(TROJANS):
        files[f"bidi-{number}.py"] = (f"first = 1\n\n{line}\nlast = 2\n".encode(), 3, "bidi")
    return files


def test_every_planted_fault_is_found_and_nothing_else(tmp_path):
    """50 faults of four kinds are found at their lines; the clean files next to them have none."""
    files = planted()
    assert len(files) == 50
    for name, (data, _, _) in files.items():
        (tmp_path / name).write_bytes(data)
    for language in {language for language, _ in (*MIXED, *MOJIBAKE)}:
        (tmp_path / f"clean-{language}.md").write_text(text_of(language), "utf-8")
    for name, text in SOUND.items():
        (tmp_path / name).write_text(text, "utf-8", newline="")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\xec\xdd@ \x10\x04\x02" * 500)
    (tmp_path / "graph.A99").write_bytes(bytes(number % 11 for number in range(4000)))
    done = command("check", "--format", "jsonl", ".", cwd=tmp_path)
    assert done.returncode == 1
    found = {(row["path"], row["line"], row["kind"]) for row in map(json.loads, done.stdout.splitlines())}
    wanted = {(name, line, kind) for name, (_, line, kind) in files.items()}
    assert wanted - found == set()
    assert found - wanted == set()


def test_fix_writes_repaired_text_and_nothing_else(tmp_path):
    """`--fix` repairs mojibake and mixed encodings in place; modes and sound files stay; what is a guess stays."""
    (tmp_path / "run.sh").write_text("# cafÃ©, naÃ¯ve\necho\n", "utf-8")
    (tmp_path / "run.sh").chmod(0o755)
    (tmp_path / "mixed.md").write_bytes(planted()["mixed-de-cp1252.md"][0])
    (tmp_path / "guess.md").write_text(text_of("zh").encode().decode("cp1252", "ignore"), "utf-8")
    (tmp_path / "cp1251.txt").write_text(text_of("ru"), "cp1251")
    (tmp_path / "bidi.md").write_text("a\u202eb\n", "utf-8")
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    done = command("check", "--fix", "--format", "github", ".", cwd=tmp_path)
    assert done.returncode == 1
    assert "::error file=run.sh,line=1,col=6,title=mojibake::" in done.stdout
    assert sorted(done.stderr.splitlines()) == ["fixed: mixed.md", "fixed: run.sh"]
    changed = {file.name for file in tmp_path.iterdir() if file.read_bytes() != before[file.name]}
    assert changed == {"run.sh", "mixed.md"}
    assert (tmp_path / "run.sh").read_text("utf-8") == "# café, naïve\necho\n"
    assert (tmp_path / "run.sh").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "mixed.md").read_text("utf-8") == text_of("de")
