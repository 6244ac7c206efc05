"""What came out, as lines that say what was measured, against what, and whether the floor holds."""

import dataclasses
import datetime
import json
import os
import platform
import statistics

FIGURES_BEGIN = "<!-- figures: written by run.py -->"
FIGURES_END = "<!-- end of figures -->"


@dataclasses.dataclass
class Line:
    """One measured figure. `floor` reads as a sentence; `ok` says whether it holds."""

    case: str
    what: str
    ours: float
    unit: str
    floor: str
    ok: bool
    anchor: str = ""
    anchor_value: float | None = None
    ratio: float | None = None


def against(case, what, unit, ours, anchor, anchor_values, floor):
    """Ours as a part of an anchor: the median over rounds, each compared with its own neighbour in time."""
    ratio = statistics.median(mine / theirs for mine, theirs in zip(ours, anchor_values))
    return Line(
        case, what, statistics.median(ours), unit, f"≥ {floor} × {anchor}", ratio >= floor,
        anchor, statistics.median(anchor_values), ratio,
    )


def told(case, what, unit, ours, anchor, anchor_values):
    """Beside an anchor, for information: no floor."""
    return dataclasses.replace(against(case, what, unit, ours, anchor, anchor_values, 0), floor="", ok=True)


def not_above(case, what, unit, ours, anchor, anchor_values, most):
    """The same where less is better."""
    line = against(case, what, unit, ours, anchor, anchor_values, 0)
    return dataclasses.replace(line, floor=f"≤ {most} × {anchor}", ok=line.ratio <= most)


def noted(case, what, unit, ours):
    """By itself, for information: no floor."""
    return Line(case, what, ours, unit, "", True)


def at_most(case, what, unit, ours, most):
    return Line(case, what, ours, unit, f"≤ {most:g} {unit}", ours <= most)


def at_least(case, what, unit, ours, least):
    return Line(case, what, ours, unit, f"≥ {least:g} {unit}", ours >= least)


def machine():
    with open("/proc/cpuinfo") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{len(names)} × {names[0]}, {memory:.0f} GiB, Linux {platform.release()}"


def number(value):
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(lines):
    rows = ["| what | ours | anchor | ratio | floor | |", "| --- | ---: | ---: | ---: | --- | --- |"]
    for line in lines:
        ratio = f"{line.ratio:.2f}" if line.ratio is not None else ""
        cells = [
            f"{line.case}: {line.what}", f"{number(line.ours)} {line.unit}", number(line.anchor_value), ratio,
            line.floor, ("holds" if line.ok else "**missed**") if line.floor else "",
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def write(folder, lines, seconds, quick):
    """`results.json` and the table in the README beside it."""
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    result = {"date": date, "machine": machine(), "seconds": round(seconds), "quick": quick}
    result["lines"] = [dataclasses.asdict(line) for line in lines]
    with open(os.path.join(folder, "results.json"), "w") as file:
        json.dump(result, file, indent=1, ensure_ascii=False)
        file.write("\n")
    path = os.path.join(folder, "README.md")
    with open(path) as file:
        text = file.read()
    head, rest = text.split(FIGURES_BEGIN)
    tail = rest.split(FIGURES_END)[1]
    kind = "quick run" if quick else "full run"
    figures = f"{FIGURES_BEGIN}\nMeasured {date}, {kind} of {seconds / 60:.0f} min, on {result['machine']}.\n\n{table(lines)}\n{FIGURES_END}"
    with open(path, "w") as file:
        file.write(head + figures + tail)
