"""Loads what most documents need, when it is imported: the process that workers are copied from imports it.

Each worker would load the models, and compile the patterns, for itself: 1 s and 150 MB. Copies share them.
"""

from __future__ import annotations

import gc
from contextlib import suppress
from pathlib import PurePosixPath

from pipeline.document import Source
from pipeline.flow import assemble
from pipeline.run import preload  # noqa: F401 - imports what workers run
from pipeline.run.follow import follow_all
from pipeline.settings import Settings
from pipeline.store.rows import document_row

SAMPLES = (
    """# 机器学习入门

今天我们讲一讲**机器学习**：这是一个很好的例子。见 https://example.org/a 和 [链接](https://example.org/b)。

1. 第一
2. 第二

![图](a.png)
""",
    """# Поддержка проекта

Объясняют, как её получить. Настройка, поддержка и расширение: *всё* важно.

- раз
- два
""",
    """# L’été à la mer

*Publié le 3 mai 2021 par Anne*

L’élève étudie « Les Misérables », déjà lu à l’école ; c’est là où naît l’idée.
Voir <https://example.org/c> &amp; `code`.

| a | b |
|---|---|
| 1 | 2 |

> citation
""",
    """# A walk

She said: “it’s __fine__”. The author's note, 5 May 2020, see http://example.org/d_e.

```
x = 1
```
""",
)  # a text of each large script, with common Markdown


def warm_up() -> None:
    """Clean the samples; the results are dropped, what was loaded stays."""
    steps = assemble(Settings())
    for sample in SAMPLES:
        document_row(follow_all(Source(PurePosixPath("sample.md"), sample.encode()), steps))


with suppress(Exception):  # a worker that loads for itself reports what is wrong
    warm_up()
gc.collect()
gc.freeze()  # what is loaded stays: the garbage collector of the copies need not walk over it, nor write to it
