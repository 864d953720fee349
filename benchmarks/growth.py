"""Draw how a run grows with the archive, from what scale.py printed.

    python benchmarks/scale.py 1000 10000 30000 | tee scale.txt
    python benchmarks/growth.py scale.txt docs/images/growth.svg

Both axes are logarithmic: work that grows with the archive is a line of slope 1, work that does not is level.
"""

from __future__ import annotations

import math
import re
import sys
from collections import defaultdict
from pathlib import Path

LINE = re.compile(r"^ *(\d+) (first run|nothing changed|one changed|one added|one removed) +([\d.]+) s", re.MULTILINE)
WIDTH, HEIGHT, LEFT, BOTTOM = 640, 400, 60, 40  # pixels
LABEL = 13  # pixels from one label to the next
COLOURS = {
    "first run": "#1b4965",
    "one changed": "#c1121f",
    "one added": "#e07a5f",
    "one removed": "#6a994e",
    "nothing changed": "#7f7f7f",
}
Points = list[tuple[float, float]]


def figures(text: str) -> dict[str, Points]:
    """Return the points of each kind of run: posts and CPU seconds."""
    found = defaultdict[str, Points](list)
    for posts, kind, seconds in LINE.findall(text):
        found[kind].append((float(posts), float(seconds)))
    return {kind: sorted(found[kind]) for kind in COLOURS if found[kind]}


def drawing(points: dict[str, Points]) -> str:
    """Return the plot as SVG."""
    posts = [one for line in points.values() for one, _ in line]
    seconds = [one for line in points.values() for _, one in line]
    left, right = math.floor(math.log10(min(posts))), math.ceil(math.log10(max(posts)))
    low, high = math.floor(math.log10(min(seconds))), math.ceil(math.log10(max(seconds)))

    def x(number: float) -> float:
        return round(LEFT + (math.log10(number) - left) / (right - left) * (WIDTH - LEFT - 150), 1)

    def y(number: float) -> float:
        return round(HEIGHT - BOTTOM - (math.log10(number) - low) / (high - low) * (HEIGHT - BOTTOM - 20), 1)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">']
    parts.append(f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>')
    for power in range(left, right + 1):
        at = x(10**power)
        parts.append(f'<path d="M{at} {y(10**high)}V{y(10**low)}" stroke="#ddd"/>')
        parts.append(f'<text x="{at}" y="{HEIGHT - 18}" font-size="12" text-anchor="middle">{10**power:,}</text>')
    for power in range(low, high + 1):
        at = y(10**power)
        parts.append(f'<path d="M{x(10**left)} {at}H{x(10**right)}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{at + 4}" font-size="12" text-anchor="end">{10.0**power:g} s</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - 150) / 2}" y="{HEIGHT - 3}" font-size="12">posts</text>')
    free = 0.0  # above it, the labels have their place
    for kind, line in sorted(points.items(), key=lambda one: -one[1][-1][1]):
        path = " ".join(f"{x(one)},{y(other)}" for one, other in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[kind]}" stroke-width="2"/>')
        parts += [f'<circle cx="{x(one)}" cy="{y(other)}" r="3" fill="{COLOURS[kind]}"/>' for one, other in line]
        end = x(line[-1][0]) + 8, max(y(line[-1][1]) + 4, free)
        free = end[1] + LABEL
        parts.append(f'<text x="{end[0]}" y="{end[1]}" font-size="12" fill="{COLOURS[kind]}">{kind}</text>')
    return "\n".join([*parts, "</svg>", ""])


def main() -> None:
    """Read the figures and write the plot."""
    Path(sys.argv[2]).write_text(drawing(figures(Path(sys.argv[1]).read_text("utf-8"))), "utf-8")


if __name__ == "__main__":
    main()
