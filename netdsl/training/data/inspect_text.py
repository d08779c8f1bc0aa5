"""The contents of data as text: its arrays or columns, and a bar for each class."""

from __future__ import annotations

from typing import Any

from netdsl.errors.printable import in_one_line
from netdsl.text_table import aligned
from netdsl.training.data.inspect import Survey, as_json
from netdsl.training.preparation.shapes import size
from netdsl.wording import counted, cut

BAR, MAX_BARS = 30, 100
"""The characters of the longest bar, and the most bars."""

LONGEST = 24
"""The most characters that are shown of a category."""


def describe(found: Survey) -> str:
    """Describe what a source holds."""
    facts = as_json(found)
    blocks = [_title(facts)]
    if "columns" in facts:
        blocks.append(_column_table(facts["columns"]))
        learned = [one for one in facts["columns"] if one.get("target") and "categories" in one]
        classes = {"all": learned[0]["categories"]} if learned else {}
        if facts["input"]:  # if all columns are texts, a note says what they need
            facts["notes"].append(_input_line(facts))
    else:
        blocks.append(_array_table(facts["parts"]))
        classes = {
            name: part["classes"] for name, part in facts["parts"].items() if "classes" in part
        }
    if classes:
        blocks.append(_class_bars(classes))
    return "\n\n".join([*blocks, *facts["notes"]])


def _input_line(facts: dict[str, Any]) -> str:
    """Describe the input that a network for a table needs."""
    width = facts["input"]
    if any(one.get("target") for one in facts["columns"]):
        return f"begin the network with `input {width}`"
    return (
        f"the columns give {counted(width, 'number')}: a network's input has those of all columns "
        "but the target (--target NAME)"
    )


def _title(facts: dict[str, Any]) -> str:
    if "columns" in facts:
        size = f"{counted(facts['rows'], 'row')}, {counted(len(facts['columns']), 'column')}"
        return f"{facts['source']}: {size}"
    parts = facts["parts"]
    if list(parts) == ["all"]:
        return f"{facts['source']}: {counted(parts['all']['examples'], 'example')}"
    counts = ", ".join(f"{part['examples']:,} {name}" for name, part in parts.items())
    return f"{facts['source']}: {counts}"


def _array_table(parts: dict[str, Any]) -> str:
    rows = [("array", "shape", "type", "min", "mean", "max")]
    for part in parts.values():
        for array in (*part["x"], *part["y"]):
            shape = size(tuple(array["shape"]))
            rows.append((array["name"], shape, array["type"], *_range(array)))
            colours = array.get("channels", ())
            rows += [
                (f"  {name}", "", "", *_range(channel))
                for name, channel in zip(("red", "green", "blue", "alpha"), colours, strict=False)
            ]
    return aligned(rows, "lllrrr", rule=True)


def _range(facts: dict[str, Any]) -> tuple[str, str, str]:
    low, middle, high = (_short(facts[name]) for name in ("least", "mean", "most"))
    return low, middle, high


def _short(value: float | str) -> str:
    return value if isinstance(value, str) else short_number(value)


def _column_table(columns: list[dict[str, Any]]) -> str:
    heads = ("column", "type", "missing", "min", "mean", "max", "")
    rows = (
        (
            column["name"] + (" (target)" if column.get("target") else ""),
            column["type"],
            f"{column['missing']:,}",
            *(_range(column) if "least" in column else ("", "", "")),
            _categories(column.get("categories")),
        )
        for column in columns
    )
    return aligned([heads, *rows], "llrrrrl", rule=True)


def _categories(found: dict[str, int] | None) -> str:
    if not found:
        return ""
    names = [cut(in_one_line(name), LONGEST) for name in list(found)[:4]]
    return f"{len(found):,}: {', '.join(names)}{', ...' if len(found) > len(names) else ''}"


def _class_bars(parts: dict[str, dict[str, int]]) -> str:
    """Count the examples of each class in each part, with a bar for the first part."""
    names = list(dict.fromkeys(name for counts in parts.values() for name in counts))
    first = next(iter(parts.values()))
    longest = max(first.values(), default=1) or 1
    heads = ("examples" if part == "all" else part for part in parts)
    rows: list[tuple[str, ...]] = [("class", *heads, "")]
    for name in names[:MAX_BARS]:
        bar = "█" * round(BAR * first.get(name, 0) / longest)
        rows.append(
            (in_one_line(name), *(f"{counts.get(name, 0):,}" for counts in parts.values()), bar)
        )
    more = f"\n... and {len(names) - MAX_BARS:,} more classes" if len(names) > MAX_BARS else ""
    return aligned(rows, "l" + "r" * len(parts) + "l", rule=True) + more


def short_number(value: float) -> str:
    """Write a number with four significant digits, or with all digits before the point, so that
    times in seconds since 1970 differ.
    """
    whole = value == int(value) or abs(value) >= 1e3
    return f"{value:,.0f}" if whole and abs(value) < 1e12 else f"{value:.4g}"
