"""A page with a network's picture, in which blocks open and close at a click.

The picture of each state is drawn beforehand: the script only shows one and hides another.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from netdsl.drawing.graph_sheet import graph_sheet
from netdsl.drawing.marks import MarkGroup, Sheet, every
from netdsl.drawing.options import Options
from netdsl.drawing.palettes import THEMES, Theme
from netdsl.drawing.svg import svg_text
from netdsl.errors import NetError

if TYPE_CHECKING:
    from netdsl.architecture import Architecture

# The page holds each picture whole: 16 of 400,000 characters are 6.4 MB.
_MAX_STATES = 16
_MAX_CHARACTERS = 400_000  # of one state

_STYLE = """
body{margin:0;font:14px Helvetica,Arial,sans-serif;background:GROUND;color:INK}
main{padding:16px}svg{max-width:100%;height:auto;display:block;margin:auto}
p{margin:12px 16px 0;color:NOTE}[hidden]{display:none}
.box[data-block],.frame[data-block]{cursor:pointer}
.box:hover>:first-of-type,.frame[data-block]:hover>rect{stroke-width:2}
.edge.near path:first-child{stroke-width:2.4}
#tip{position:fixed;max-width:420px;padding:8px 10px;border-radius:6px;font-size:12px;
white-space:pre-line;pointer-events:none;background:INK;color:GROUND}
"""

_SCRIPT = """
const states=[...document.querySelectorAll('.state')],tip=document.getElementById('tip');
let open=states[0].dataset.open;
const named=open=>open.split(' ').filter(Boolean);
function show(words){const next=states.find(s=>s.dataset.open===words);
if(next){states.forEach(s=>s.hidden=s!==next);open=words}}
function toggle(word){const words=named(open);
show((words.includes(word)?words.filter(w=>w!==word):[...words,word]).sort().join(' '))}
document.addEventListener('click',e=>{const g=e.target.closest('[data-block]');
if(g)toggle(g.dataset.block)});
document.querySelectorAll('svg .box,svg .frame').forEach(g=>{const title=g.querySelector('title');
if(title){g.setAttribute('aria-label',title.textContent);title.remove()}});
function near(g,on){const id=g.dataset.id;g.ownerSVGElement.querySelectorAll('.edge').forEach(
e=>{if(e.dataset.from===id||e.dataset.to===id)e.classList.toggle('near',on)})}
document.addEventListener('mouseover',e=>{const g=e.target.closest('.box,.frame');
if(g){tip.textContent=g.getAttribute('aria-label');tip.hidden=false;near(g,true)}});
document.addEventListener('mouseout',e=>{const g=e.target.closest('.box,.frame');
if(g){tip.hidden=true;near(g,false)}});
document.addEventListener('mousemove',e=>{tip.style.left=Math.min(e.clientX+14,
innerWidth-tip.offsetWidth-8)+'px';tip.style.top=Math.min(e.clientY+14,
innerHeight-tip.offsetHeight-8)+'px'});
"""


class _State(NamedTuple):
    """A picture with some blocks open, by their names."""

    opened: frozenset[str]
    sheet: Sheet


def html_text(sheet: Sheet, networks: Sequence[Architecture], options: Options) -> str:
    """Return a page with the picture.

    Where it is one network's boxes and arrows, its blocks can be opened and closed.
    """
    states = [_State(frozenset(), sheet)]
    if len(networks) == 1 and options.style in ("auto", "graph") and options.fold == "all":
        states = _states(networks[0], options, sheet)
    hint = "Click a block to open or close it." if len(states) > 1 else ""
    theme = THEMES["light" if options.theme == "auto" else options.theme]
    style = _coloured(theme)
    if options.theme == "auto":
        style += f"@media (prefers-color-scheme:dark){{{_coloured(THEMES['dark'])}}}"
    sections = [
        f'<div class="state" data-open="{escape(" ".join(sorted(state.opened)))}"'
        f"{' hidden' if number else ''}>\n{svg_text(state.sheet, options.theme)}</div>"
        for number, state in enumerate(states)
    ]
    lines = [
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{escape(sheet.title)}</title>",
        f"<style>{style}</style>",
        f"<p>{hint}</p>" if hint else "",
        "<main>",
        *sections,
        "</main>",
        '<div id="tip" hidden></div>',
        f"<script>{_SCRIPT}</script>",
        "</html>",
    ]
    return "\n".join(filter(None, lines)) + "\n"


def _coloured(theme: Theme) -> str:
    found = _STYLE
    for name, colour in (("GROUND", theme.ground), ("INK", theme.ink), ("NOTE", theme.note)):
        found = found.replace(name, colour)
    return found


def _states(network: Architecture, options: Options, sheet: Sheet) -> list[_State]:
    """Return the picture with every choice of open blocks that clicks lead to, nearest first."""
    begun = _named(sheet, "frame") | frozenset(options.opened)
    closed = options._replace(depth=0, alongside=False)
    first = _drawn(network, closed, begun)
    if first is None:
        return [_State(frozenset(), sheet)]
    states = {begun: _State(begun, sheet if not options.depth else first.sheet)}
    # Breadth first: the 16 states that are kept are those of the fewest clicks.
    waiting = [begun]
    while waiting:
        opened = waiting.pop(0)
        shown = states[opened].sheet
        for word in sorted(_named(shown, "box") | _named(shown, "frame")):
            # A click opens a closed block, and closes an open one.
            other = opened ^ {word}
            if other in states or len(states) >= _MAX_STATES:
                continue
            drawn = _drawn(network, closed, other)
            if drawn is not None:
                states[other] = drawn
                waiting.append(other)
    return list(states.values())


def _drawn(network: Architecture, options: Options, opened: frozenset[str]) -> _State | None:
    """Return the picture with these blocks open; None where it is too large to be carried along."""
    try:
        sheet = graph_sheet(network, options._replace(opened=tuple(sorted(opened))))
    except NetError:
        return None
    drawn = svg_text(sheet, options.theme)
    return _State(opened, sheet) if len(drawn) <= _MAX_CHARACTERS else None


def _named(sheet: Sheet, kind: str) -> frozenset[str]:
    """Return the names of the blocks that are closed (`box`) or open (`frame`) in a picture."""
    # A block that is drawn next to the picture is not open in it.
    main = tuple(m for m in sheet.marks if not (isinstance(m, MarkGroup) and m.kind == "inset"))
    groups = (mark for mark in every(main) if isinstance(mark, MarkGroup) and mark.kind == kind)
    return frozenset(dict(group.data)["block"] for group in groups if "block" in dict(group.data))
