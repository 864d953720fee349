"""Plant 50 faults in code, tables, translations and notes, and let `lacuna check` find them.

    python benchmarks/planted_faults.py [FOLDER ...]

Each file has one fault: mojibake, a line in another encoding, a control character or a bidirectional override. Most
files have two or three lines. Prints how many faults are found at their line and kind, at their line, and in their
file, and the faults in sound files. Folders that are given are checked too, as sound ones.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

Planted = tuple[str, bytes, int, str]  # name, bytes, line, kind
MOJIBAKE = (  # file, text before the damaged text, the text, after it, its codec, the wrong codec
    ("app.py", "import os\n\n# ", "Größe prüfen und zurückgeben", "\nx = 1\n", "utf-8", "cp1252"),
    ("util.js", "const a = 1;\nalert('", "déjà vérifié", "');\n", "utf-8", "latin-1"),
    ("Main.java", "class Main {\n  // ", "проверка размера буфера", "\n}\n", "utf-8", "cp1252"),
    ("a.go", "package a\n// ", "ファイルを読み込む", "\n", "utf-8", "latin-1"),
    ("b.rs", 'fn main() {\n    println!("', "你好，世界", '");\n}\n', "utf-8", "cp1252"),
    ("c.c", "/* ", "파일을 읽을 수 없습니다", " */\nint a;\n", "utf-8", "latin-1"),
    ("fr.po", 'msgid "Settings"\nmsgstr "', "Paramètres de sécurité", '"\n', "utf-8", "cp1252"),
    ("es.json", '{\n "a": "', "Contraseña inválida", '"\n}\n', "utf-8", "latin-1"),
    ("pt.yaml", "a: ok\nb: ", "Configuração não encontrada", "\n", "utf-8", "cp1252"),
    ("pl.properties", "a=ok\nb=", "Zażółć gęślą jaźń", "\n", "utf-8", "cp1250"),
    ("cs.csv", "id;text\n1;", "Příliš žluťoučký kůň", "\n", "utf-8", "cp1250"),
    ("tr.txt", "Tamam\n", "Şifre değiştirildi, lütfen giriş yapın", "\n", "utf-8", "cp1254"),
    ("el.md", "# OK\n\n", "Καλημέρα κόσμε, τι κάνεις", "\n", "utf-8", "cp1253"),
    ("he.md", "# OK\n\n", "שלום עולם, מה שלומך", "\n", "utf-8", "latin-1"),
    ("ar.md", "# OK\n\n", "مرحبا بالعالم كيف حالك", "\n", "utf-8", "latin-1"),
    ("th.md", "# OK\n\n", "สวัสดีชาวโลก", "\n", "utf-8", "latin-1"),
    ("hi.md", "# OK\n\n", "नमस्ते दुनिया", "\n", "utf-8", "latin-1"),
    ("vi.md", "# OK\n\n", "Xin chào thế giới, tiếng Việt", "\n", "utf-8", "latin-1"),
    ("quote.md", "# T\n\nIt", "’", "s the file of the user.\n", "utf-8", "cp1252"),
    ("dash.md", "Sound line.\nA range 1", "–", "5 and more\n", "utf-8", "cp1252"),
    ("nbsp.md", "Price: 100", "\u00a0€", " per month\n", "utf-8", "latin-1"),
    ("double.md", "Hello\nCaf", "Ã©", " au lait\n", "utf-8", "cp1252"),
    ("name.md", "- Anna M", "ü", "ller wrote this\n", "utf-8", "cp1252"),
    ("sjis.md", "# Title\n\n", "文字化けしたテキストです", "\n", "shift_jis", "cp1252"),
    ("koi.md", "# Title\n\n", "Привет мир как дела сегодня", "\n", "koi8-r", "cp1251"),
    ("gbk.md", "# Title\n\n", "锟斤拷不是我们要的文字内容", "\n", "gbk", "latin-1"),
    ("i.html", "<html>\n<p>", "Für Sie geöffnet", "</p>\n", "utf-8", "cp1252"),
)
MIXED = (  # file, lines in UTF-8, a line in another codec
    ("a.py", "# größe — ok\n", "# naïveté déjà vu", "latin-1"),
    ("b.md", "Ясный текст на русском языке.\n", "И ещё одна строка текста.", "cp1251"),
    ("c.md", "日本語の文章です。\n", "これは別の行です。", "shift_jis"),
    ("d.md", "这是中文内容。\n", "这是另外一行文字。", "gbk"),
    ("e.csv", "name,city\nJürgen,Köln\n", "Bjørn,Århus", "cp1252"),
    ("f.txt", "한국어 문장입니다.\n", "다른 줄입니다.", "euc_kr"),
    ("g.tex", "Żółć\n", "Łódź i Kraków", "iso8859-2"),
    ("h.c", "// ok ñ\n", 'char *s = "año";', "latin-1"),
)
CONTROLS = ("\x00", "\x02", "\x1b[0m", "\x07", "\x85", "\x9b", "\u2028x\ufeff", "\ufdd0")
BIDI = (
    ("a.c", "int main(){\n/*\u202e }\u2066if(a)\u2069 \u2066 begin */\n", 2),
    ("b.go", 'package b\nvar s = "\u2067x"\n', 2),
    ("c.sh", "#!/bin/sh\necho ok \u202b # x\n", 2),
    ("d.html", '<a href="x">\u202dabc\u202c</a>\n', 1),
    ("e.md", "See invoice\u202efdp.exe\n", 1),
    ("f.rs", "// \u2066 open\n", 1),
    ("g.py", "a = 1 # \u2069\n", 1),
)
SOUND = (
    "Ångström, El Niño, señor, “quotes” — naïve café; Ħal Għaxaq; ß; Æsir; ©2020 ™",
    "RE = '[À-ÿ]'; TABLE = 'ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß'",
    "Ã is a letter of Portuguese: SÃO PAULO, MÃE, NÃO, CORAÇÃO, IRMÃ",
    "Vietnamese: Âm nhạc, Ô tô, Ăn uống, ƯU ĐÃI, ĐÃ BÁN; Romanian: Ştefan, țară, Â, Î, ÎN ROMÂNIA",
    "Prices: £5, €3, ¥100, ¢50, §12, ¶3, °C, ±2, µm, ¼, ½, «guillemets»",
    'In Python, `"é".encode().decode("latin-1")` is `Ã©`.',
    "Ёлка, ъ, ђ, ћ, џ, Љубав, Ґанок, їжак",
    "ﾊﾝｶｸ ｶﾀｶﾅ ﾃｷｽﾄ 全角　スペース",
    "فارسی: می‌خواهم کتاب‌ها را; עברית עם English באמצע (123)",
    "Zalgo: t̷e̸x̶t̵ and IPA: /ˈnæʃənəl/, ʃ, ʒ, ŋ",
    "┌──┐ │ ├─┤ └──┘ ░▒▓█ ▲▼ ♥ ♪ ∀x∈ℝ: ⌈x⌉ = −⌊−x⌋, α ∧ ¬β, 10⁻³, x₁",
    "Þórður, Ðað; Føroyar; Čáhci, Ŋ; ʻokina; ĉiuĵaŭde; Ċ ġ ħ ż; ŵ ŷ; İstanbul ığdır",
    "Zoë, Chloë, Noël, Håkan, Søren, Łukasz, Dvořák, Nguyễn; MÜNCHEN GRÖSSE ÜBER; ÉCOLE À CÔTÉ; AÑO; ÅÄÖ",
    "¿Qué? ¡Sí! «Où?» „Ja“ ‚so‘ ›x‹ 1º 2ª N° 5′ 6″",
)


def planted() -> list[Planted]:
    """Return the files with a fault."""
    found: list[Planted] = []
    for name, before, text, after, codec, wrong in MOJIBAKE:
        damaged = before + text.encode(codec).decode(wrong, "ignore") + after
        found.append((f"mojibake/{name}", damaged.encode(), before.count("\n") + 1, "mojibake"))
    for name, before, line, codec in MIXED:
        data = before.encode() + line.encode(codec) + b"\n"
        found.append((f"mixed/{name}", data, before.count("\n") + 1, "encoding"))
    for number, char in enumerate(CONTROLS):
        found.append((f"control/{number}.yaml", f"a: 1\nb: te{char}xt\n".encode(), 2, "control"))
    return found + [(f"bidi/{name}", text.encode(), line, "bidi") for name, text, line in BIDI]


def check(folder: Path) -> list[dict[str, str | int]]:
    """Return the faults that `lacuna check` finds."""
    line = [sys.executable, "-m", "pipeline", "check", "--format", "jsonl", "."]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    return [json.loads(row) for row in done.stdout.splitlines()]


def main() -> None:
    """Print the counts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = planted()
        sound = [(f"sound/{number}.md", f"{text}\n".encode(), 0, "") for number, text in enumerate(SOUND)]
        for path, data, _, _ in (*files, *sound):
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_bytes(data)
        rows = check(folder)
    exact = {(row["path"], row["line"], row["kind"]) for row in rows}
    lines = {(path, line) for path, line, _ in exact}
    paths = {path for path, _ in lines}
    at_kind = sum((path, at, kind) in exact for path, _, at, kind in files)
    at_line = sum((path, at) in lines for path, _, at, _ in files)
    in_file = sum(path in paths for path, *_ in files)
    print(f"{len(files)} faults: {at_kind} at their line and kind, {at_line} at their line, {in_file} in their file")
    print(f"{len(sound)} sound files: {sum(path in paths for path, *_ in sound)} with a fault")
    for given in map(Path, sys.argv[1:]):
        print(f"{given}: {len(check(given))} faults")


if __name__ == "__main__":
    main()
