"""Owns the plots: horizontal bars of medians with their spread, as SVG by hand."""

from html import escape

WIDTH, LEFT, RIGHT, TOP, ROW, FOOT = 820, 190, 110, 54, 34, 56
OURS_COLOUR, OTHER_COLOUR, INK, GRID = "#c2410c", "#64748b", "#1e293b", "#e2e8f0"
STEPS = (1, 2, 2.5, 5, 10)


def nice_step(most):
    """A round distance between about five grid lines."""
    scale = 1.0
    while scale * 10 <= most / 5:
        scale *= 10
    while scale > most / 5:
        scale /= 10
    return next(step * scale for step in STEPS if step * scale >= most / 5)


def number(value):
    """A number short enough for a label."""
    if value >= 100:
        return "{:,.0f}".format(value).replace(",", " ")
    return "{:.3g}".format(value)


def bars(title, axis, rows):
    """An SVG of one bar for each (name, values of the rounds): the median, with a whisker from the least to the most."""
    most = max(max(values) for _, values in rows) or 1
    step = nice_step(most)
    end = step * (int(most / step) + 1)
    height = TOP + ROW * len(rows) + FOOT
    across = (WIDTH - LEFT - RIGHT) / end
    bottom = TOP + ROW * len(rows)
    out = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="sans-serif" '
        'font-size="13" role="img" aria-label="%s">' % (WIDTH, height, WIDTH, height, escape(title)),
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        '<text x="16" y="28" font-size="16" font-weight="bold" fill="%s">%s</text>' % (INK, escape(title)),
    ]
    for index in range(int(round(end / step)) + 1):
        x = LEFT + index * step * across
        out.append('<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="%s"/>' % (x, TOP - 6, x, bottom, GRID))
        label = number(index * step)
        out.append('<text x="%.1f" y="%d" text-anchor="middle" fill="%s">%s</text>' % (x, bottom + 18, INK, label))
    for place, (name, values) in enumerate(rows):
        ordered = sorted(values)
        middle = len(ordered) // 2
        median = ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
        y = TOP + place * ROW
        colour = OURS_COLOUR if name.startswith("onetime-lite") else OTHER_COLOUR
        centre = y + ROW / 2 - 4
        out += [
            '<text x="%d" y="%.1f" text-anchor="end" fill="%s">%s</text>' % (LEFT - 10, centre + 5, INK, escape(name)),
            '<rect x="%d" y="%.1f" width="%.1f" height="%d" fill="%s"/>' % (LEFT, y, median * across, ROW - 10, colour),
            '<path d="M%.1f %.1fH%.1fM%.1f %.1fv10M%.1f %.1fv10" stroke="%s" stroke-width="1.5" fill="none"/>'
            % (
                LEFT + ordered[0] * across,
                centre,
                LEFT + ordered[-1] * across,
                LEFT + ordered[0] * across,
                centre - 5,
                LEFT + ordered[-1] * across,
                centre - 5,
                INK,
            ),
            '<text x="%.1f" y="%.1f" font-weight="bold" fill="%s">%s</text>'
            % (LEFT + ordered[-1] * across + 8, centre + 5, INK, number(median)),
        ]
    out += [
        '<text x="%.1f" y="%d" text-anchor="middle" fill="%s">%s (bar: median of %d rounds; whisker: least to most)</text>'
        % (LEFT + (WIDTH - LEFT - RIGHT) / 2, bottom + 42, INK, escape(axis), max(len(values) for _, values in rows)),
        "</svg>",
    ]
    return "\n".join(out) + "\n"
