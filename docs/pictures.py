"""
Draw the pictures of the documentation, from what the library computes.

Run it as ``python docs/pictures.py`` with dedupe_news and its extra ``cli``
installed, or as ``make feed``; it writes the same files everywhere. What the
pictures show is computed: the S-curves from the formula, the rest from the
made-up feed in ``examples/``.
"""

from __future__ import annotations

import dataclasses
import io
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

import dedupe_news as dn
from dedupe_news.cli.terminal import show_clustering

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FOLDER = Path(__file__).resolve().parent / "pictures"
EXAMPLES = Path(__file__).resolve().parent.parent / "examples"

BLUE, ORANGE, GREEN, GREY, INK = "#1a5fb4", "#c1651a", "#2a7d4f", "#77767b", "#222222"


class Canvas:
    """
    An SVG with axes, in pieces.

    Parameters
    ----------
    title : str
        For those who cannot see it.
    width, height : int
        Of the whole, in pixels.
    """

    left, right, top, bottom = 64, 20, 20, 50

    def __init__(self, title: str, width: int = 640, height: int = 400) -> None:
        self.width, self.height = width, height
        font = 'font-family="sans-serif" font-size="13"'
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {font}>',
            f'<g fill="{INK}">',
            f"<title>{title}</title>",
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        ]

    def x(self, share: float) -> float:
        """Return where a share of the horizontal axis is."""
        return self.left + share * (self.width - self.left - self.right)

    def y(self, share: float) -> float:
        """Return where a share of the vertical axis is."""
        return self.height - self.bottom - share * (self.height - self.top - self.bottom)

    def label(self, x: float, y: float, words: str, anchor: str = "start") -> None:
        """Write words."""
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{words}</text>')

    def line(self, x: float, y: float, way: str, style: str = 'stroke="#dddddd"') -> None:
        """Draw a line."""
        self.parts.append(f'<path d="M{x:.1f} {y:.1f}{way}" {style}/>')

    def box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """Draw a filled rectangle."""
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'fill="{colour}"/>'
        )

    def across(self, words: str, ticks: Sequence[tuple[float, str]]) -> None:
        """Draw the horizontal axis."""
        for share, name in ticks:
            self.line(self.x(share), self.y(0), f"V{self.y(1):.1f}")
            self.label(self.x(share), self.y(0) + 18, name, "middle")
        self.label(self.x(0.5), self.height - 10, words, "middle")

    def up(self, words: str, ticks: Sequence[tuple[float, str]]) -> None:
        """Draw the vertical axis."""
        for share, name in ticks:
            self.line(self.x(0), self.y(share), f"H{self.x(1):.1f}")
            self.label(self.x(0) - 8, self.y(share) + 4, name, "end")
        self.parts.append(f'<g transform="translate(16 {self.y(0.5):.1f}) rotate(-90)">')
        self.label(0, 0, words, "middle")
        self.parts.append("</g>")

    def svg(self) -> str:
        """Return the whole."""
        return "\n".join([*self.parts, "</g>", "</svg>", ""])


TENTHS = [(tick / 10, f"{tick / 10:.1f}") for tick in range(0, 11, 2)]

# Bands and rows: colour, dashes, what they are.
CURVES = (
    (dn.Config(policy="similar", threshold=0.5), ORANGE, "none", "threshold 0.5"),
    (dn.Config(policy="similar", threshold=0.7), BLUE, "none", "threshold 0.7, the default"),
    (dn.Config(policy="similar", threshold=0.9), GREEN, "none", "threshold 0.9"),
    (
        dn.Config(policy="similar", threshold=0.7, params=(14, 9)),
        GREY,
        "6 4",
        "datasketch's choice for 0.7",
    ),
)
STEPS = 120


def s_curve() -> str:
    """Return the S-curves of several bandings."""
    canvas = Canvas("Probability that a pair becomes a candidate, by its Jaccard similarity")
    canvas.across("Jaccard similarity of the pair", TENTHS)
    canvas.up("probability of becoming a candidate", TENTHS)
    for number, (config, colour, dashes, name) in enumerate(CURVES):
        points = " ".join(
            f"{canvas.x(step / STEPS):.1f},{canvas.y(config.recall_at(step / STEPS)):.1f}"
            for step in range(STEPS + 1)
        )
        y = canvas.y(0.34 - 0.07 * number)
        style = f'fill="none" stroke="{colour}" stroke-width="2.5" stroke-dasharray="{dashes}"'
        canvas.parts.append(f'<polyline points="{points}" {style}/>')
        canvas.line(canvas.x(0.52), y - 4, "h24", style)
        canvas.label(canvas.x(0.57), y, f"{name}: {config.bands} × {config.rows_per_band}")
    return canvas.svg()


STAGES = (
    ("documents", "columns of UTF-8"),
    ("text", "folded tokens"),
    ("distinct texts", "one for all copies"),
    ("candidates", "pairs to compare"),
    ("features", "numbers of a pair"),
    ("classifier", "verdicts"),
    ("assignment", "clusters, stories"),
)


def pipeline() -> str:
    """Return the way of a batch with the policy "news"."""
    canvas = Canvas("The stages of a batch, and what each makes", 760, 92)
    step = (canvas.width - 24) / len(STAGES)
    for number, (stage, makes) in enumerate(STAGES):
        x = 12 + number * step
        canvas.box(x, 20, step - 14, 30, BLUE if number else GREY)
        canvas.parts.append(
            f'<text x="{x + (step - 14) / 2:.1f}" y="40" text-anchor="middle" fill="#ffffff">'
            f"{stage}</text>"
        )
        canvas.parts.append(
            f'<text x="{x + (step - 14) / 2:.1f}" y="70" text-anchor="middle" font-size="11">'
            f"{makes}</text>"
        )
        if number:
            canvas.line(x - 12, 35, "h6l-3 -4m3 4l-3 4", f'fill="none" stroke="{INK}"')
    return canvas.svg()


def example(name: str) -> list[dict[str, Any]]:
    """Return the rows of a file of examples."""
    with (EXAMPLES / name).open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


N_BINS = 16
LEAST_SHOWN = 0.2


def _height(count: int) -> float:
    """Return the share of a logarithmic axis, from half a match to 4,000."""
    return math.log(count / 0.5) / math.log(4000 / 0.5) if count else 0.0


def templates() -> str:
    """Return how similar copies, and items of one template, are in the made-up feed."""
    truth = example("feed_truth.jsonl")
    result = dn.cluster(
        example("feed.jsonl"),
        text="description",
        policy="similar",
        threshold=LEAST_SHOWN,
        recall=0.999,
        bucket_limit=1_000_000,
        progress=False,
    )
    counts = {"story": [0] * N_BINS, "template": [0] * N_BINS}
    for pair in result.matches:
        left, right = (truth[position] for position in pair.positions)
        at = min(N_BINS - 1, int((pair.jaccard - LEAST_SHOWN) / (1 - LEAST_SHOWN) * N_BINS))
        if left["item"] == right["item"]:
            counts["story"][at] += 1
        elif left["template"] is not None and left["template"] == right["template"]:
            counts["template"][at] += 1
    canvas = Canvas("Matches of the made-up feed by Jaccard similarity")
    ticks = [tick / 10 for tick in range(2, 11, 2)]
    canvas.across(
        "Jaccard similarity",
        [((tick - LEAST_SHOWN) / (1 - LEAST_SHOWN), f"{tick:.1f}") for tick in ticks],
    )
    canvas.up("matches", [(_height(10**k), f"{10**k:,}") for k in range(4)])
    names = (("template", ORANGE, "items of one template"), ("story", BLUE, "copies of one item"))
    for place, (kind, colour, name) in enumerate(names):
        for at, count in enumerate(counts[kind]):
            x, width = canvas.x(at / N_BINS), (canvas.x(1) - canvas.x(0)) / N_BINS
            top = canvas.y(_height(count))
            half = width / 2 - 2
            canvas.box(x + 2 + place * half, top, half, canvas.y(0) - top, colour)
        y = canvas.y(0.96 - 0.07 * place)
        canvas.box(canvas.x(0.62), y - 11, 14, 12, colour)
        canvas.label(canvas.x(0.62) + 22, y, f"{name}: {sum(counts[kind]):,}")
    return canvas.svg()


THEME = TerminalTheme(
    background=(24, 32, 40),
    foreground=(222, 228, 234),
    normal=[
        (24, 32, 40),
        (240, 113, 103),
        (120, 200, 130),
        (232, 190, 100),
        (110, 170, 240),
        (200, 150, 230),
        (110, 205, 215),
        (222, 228, 234),
    ],
)

# Without the fonts that rich would fetch from elsewhere.
TERMINAL = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono",
 monospace; font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
COLUMNS = 100


def terminal(command: str, show: Callable[[Console], None]) -> str:
    """Return what a command shows on a terminal, without the time it took."""
    plain = Console(
        file=io.StringIO(), width=COLUMNS, force_terminal=True, color_system="truecolor"
    )
    with plain.capture() as captured:
        show(plain)
    console = Console(file=io.StringIO(), width=COLUMNS, record=True, force_terminal=True)
    console.out(f"$ {command}", highlight=False)
    for line in captured.get().rstrip().splitlines():
        text = Text.from_ansi(line)
        if not text.plain.startswith("  time "):
            console.print(text, no_wrap=True)
    svg = console.export_svg(
        title=command.partition(" ")[0], theme=THEME, code_format=TERMINAL, unique_id="terminal"
    )
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


N_CLUSTERS = 5


def clustering() -> str:
    """Return what ``dedupe-news cluster`` shows of the made-up feed."""
    result = dn.cluster(example("feed.jsonl"), text="description", progress=False)
    # The row of the time is left out, but how wide it is shows in the others.
    result = dataclasses.replace(result, seconds={"all": 0.1})
    return terminal(
        "dedupe-news cluster examples/feed.jsonl",
        lambda console: show_clustering(console, result, N_CLUSTERS),
    )


PICTURES: dict[str, Callable[[], str]] = {
    "s-curve.svg": s_curve,
    "pipeline.svg": pipeline,
    "templates.svg": templates,
    "clustering.svg": clustering,
}


def main() -> None:
    """Write every picture."""
    FOLDER.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        (FOLDER / name).write_text(draw(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
