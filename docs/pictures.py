"""
Draw the pictures of the documentation, from the formulas the library uses.

Run it as ``python docs/pictures.py`` with dedupe_news installed; it writes the same
files everywhere.
"""

from __future__ import annotations

from pathlib import Path

from dedupe_news import Config

FOLDER = Path(__file__).resolve().parent / "pictures"
WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 60, 20, 20, 50
STEPS = 120

# Bands and rows: colour, dashes, what they are.
CURVES = (
    (Config(threshold=0.5), "#c1651a", "none", "threshold 0.5"),
    (Config(threshold=0.7), "#1a5fb4", "none", "threshold 0.7, the default"),
    (Config(threshold=0.9), "#2a7d4f", "none", "threshold 0.9"),
    (Config(threshold=0.7, params=(14, 9)), "#77767b", "6 4", "datasketch's choice for 0.7"),
)


def x_of(jaccard: float) -> float:
    """Return where a similarity is on the page."""
    return LEFT + jaccard * (WIDTH - LEFT - RIGHT)


def y_of(probability: float) -> float:
    """Return where a probability is on the page."""
    return HEIGHT - BOTTOM - probability * (HEIGHT - TOP - BOTTOM)


def label(x: float, y: float, words: str, anchor: str = "start") -> str:
    """Return words on the page."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{words}</text>'


def line(x: float, y: float, way: str, style: str = 'stroke="#dddddd"') -> str:
    """Return a straight line on the page."""
    return f'<path d="M{x:.1f} {y:.1f}{way}" {style}/>'


def s_curve() -> str:
    """Return the S-curves of several bandings as SVG."""
    font = 'font-family="sans-serif" font-size="13"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {font}>',
        "<title>Probability that a pair becomes a candidate, by its Jaccard similarity</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    for tick in range(0, 11, 2):
        value = tick / 10
        parts += [
            line(x_of(value), y_of(0), f"V{y_of(1):.1f}"),
            line(x_of(0), y_of(value), f"H{x_of(1):.1f}"),
            label(x_of(value), y_of(0) + 18, f"{value:.1f}", "middle"),
            label(x_of(0) - 8, y_of(value) + 4, f"{value:.1f}", "end"),
        ]
    parts += [
        label(x_of(0.5), HEIGHT - 10, "Jaccard similarity of the pair", "middle"),
        f'<g transform="translate(16 {y_of(0.5):.1f}) rotate(-90)">',
        label(0, 0, "probability of becoming a candidate", "middle"),
        "</g>",
    ]
    for number, (config, colour, dashes, name) in enumerate(CURVES):
        points = " ".join(
            f"{x_of(step / STEPS):.1f},{y_of(config.recall_at(step / STEPS)):.1f}"
            for step in range(STEPS + 1)
        )
        y = y_of(0.34 - 0.07 * number)
        style = f'fill="none" stroke="{colour}" stroke-width="2.5" stroke-dasharray="{dashes}"'
        parts += [
            f'<polyline points="{points}" {style}/>',
            line(x_of(0.52), y - 4, "h24", style),
            label(x_of(0.57), y, f"{name}: {config.bands} × {config.rows_per_band}"),
        ]
    return "\n".join([*parts, "</svg>", ""])


def main() -> None:
    """Write every picture."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "s-curve.svg").write_text(s_curve(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
