"""The report's style sheet, and the page around its body."""

from __future__ import annotations

from netdsl.training.reporting.charts import FAINT, GRID, INK, TRAINING, VALIDATION

DARK = {
    INK: "#e6e6e6",
    FAINT: "#9a9a9a",
    GRID: "#333",
    "white": "#1c1c1e",
    TRAINING: "#6aa7ee",
    VALIDATION: "#f0935c",
}
"""The curves' colours on a dark page."""

STYLE = (
    f":root{{--ink:{INK};--faint:{FAINT};--line:{GRID};--paper:#fff;--card:#f7f7f8;--hit:37 99 168;--miss:209 97 22}}"
    + """
*{box-sizing:border-box}
body{margin:0 auto;max-width:1120px;padding:32px 24px 64px;font:15px/1.5 system-ui,"Segoe UI",Helvetica,Arial,sans-serif;
color:var(--ink);background:var(--paper);font-variant-numeric:tabular-nums}
h1{font-size:30px;line-height:1.2;margin:0}h2{font-size:20px;margin:44px 0 12px;padding-top:14px;border-top:1px solid var(--line)}
h3{font-size:16px;margin:26px 0 2px}p{margin:8px 0;max-width:100ch}.over,.about,i,dt{color:var(--faint)}.over{margin:0}i{font-style:normal}
.verdict{font-size:16px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:12px;margin-top:20px}
.tile{background:var(--card);border-radius:10px;padding:12px 16px;border-left:4px solid var(--line)}
.tile.test{border-color:rgb(var(--hit))}.tile.validation{border-color:rgb(var(--miss))}
.tile b,.tile i{display:block;font-weight:400;font-size:13px}.tile span{font-size:25px;font-weight:600}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(420px,100%),1fr));gap:16px}
figure{margin:0}.charts figure{max-width:540px}.charts svg{display:block;width:100%;height:auto}
.charts text:not([font-weight=bold]){font-size:14px}
.side{display:flex;flex-wrap:wrap;gap:28px;align-items:flex-start;margin-top:14px}
.wide{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-size:13.5px}caption{text-align:left;color:var(--faint);padding-bottom:6px}
th,td{padding:3px 9px;text-align:left;white-space:nowrap}.n{text-align:right}
thead th{border-bottom:1px solid var(--faint);font-weight:600}tbody tr+tr td,tbody tr+tr th{border-top:1px solid var(--line)}
tfoot td,tfoot th{border-top:1px solid var(--faint)}
.bar{min-width:90px;background:linear-gradient(90deg,rgb(var(--hit)/.22) var(--s),transparent 0)}
.heat{border-collapse:separate;border-spacing:2px}.heat th{border:0;font-weight:400;color:var(--faint)}
.heat td{border:0;width:40px;min-width:34px;height:32px;padding:0 3px;text-align:center;background:var(--card);border-radius:4px}
.heat thead th{text-align:center;vertical-align:bottom}.heat.tall thead span{writing-mode:vertical-rl;transform:rotate(180deg)}
.heat .hit{background:rgb(var(--hit)/var(--s))}.heat .miss{background:rgb(var(--miss)/var(--s))}.heat .deep{color:#fff}
.heat thead th{padding:2px}
.heat.small{font-size:10.5px}.heat.small td{min-width:22px;width:26px;height:22px;padding:0 1px}
.mistakes{display:flex;flex-wrap:wrap;gap:16px 14px;margin-top:10px}
.mistakes div{display:flex;gap:4px}.mistakes img{display:block;max-width:192px;border-radius:5px;border:1px solid var(--line)}
figcaption{font-size:13px;line-height:1.35;margin-top:5px}
pre{background:var(--card);border-radius:8px;padding:12px 16px;overflow-x:auto;font:13px/1.5 ui-monospace,Menlo,Consolas,monospace}
ul{padding-left:20px;margin:8px 0}dl{display:flex;flex-wrap:wrap;gap:6px 26px}dt,dd{display:inline;margin:0}dt::after{content:" "}
"""
    + "@media screen and (prefers-color-scheme:dark){:root{--ink:#e6e6e6;--faint:#9a9a9a;--line:#333;--paper:#121214;--card:#1c1c1e;"
    + "--hit:74 142 220;--miss:222 116 48;color-scheme:dark}"
    + "".join(
        f'svg [fill="{old}"]{{fill:{new}}}svg [stroke="{old}"]{{stroke:{new}}}'
        for old, new in DARK.items()
    )
    + "}\n@media print{body{padding:0;font-size:10pt;max-width:none}.charts{grid-template-columns:1fr 1fr}tfoot{display:table-row-group}"
    + "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}"
    + "figure,.tile,tr{break-inside:avoid}h2,h3{break-after:avoid}pre{white-space:pre-wrap}.wide{overflow:visible}"
    + "th,td{white-space:normal;padding:2px 5px}}"
)

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
{body}
</body>
</html>
"""
