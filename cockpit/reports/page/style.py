"""How the page looks on a screen and on paper."""

CSS = """\
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 1.5rem; color: #222; background: #fff;
       font: 14px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 1.8rem 0 .4rem; border-bottom: 1px solid #ccc; }
p { margin: .15rem 0; }
.whose { font-size: 1.05rem; overflow-wrap: anywhere; }
.rehearsal { display: inline-block; margin: .5rem 0; padding: .2rem .6rem; border: 2px solid #d55e00; color: #8a3c00;
             font-weight: 600; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .6rem; margin: 1rem 0; }
dl > div { border: 1px solid #ccc; padding: .4rem .6rem; }
dt { color: #555; font-size: .85rem; }
dd { margin: 0; font-size: 1.15rem; font-variant-numeric: tabular-nums; }
figure { margin: 1rem 0; break-inside: avoid; }
figcaption { font-weight: 600; }
svg { display: block; width: 100%; height: auto; }
table { border-collapse: collapse; margin: .3rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .12rem .7rem .12rem 0; text-align: right; border-bottom: 1px solid #e5e5e5; }
th:first-child, td:first-child { text-align: left; font-weight: normal; max-width: 24rem; overflow-wrap: anywhere; }
thead th { color: #555; font-weight: normal; }
tr { break-inside: avoid; }
footer { margin-top: 2rem; color: #555; font-size: .85rem; }
@page { size: A4; margin: 14mm; }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  h2 { break-after: avoid; }
  thead { display: table-header-group; }
  .rehearsal { print-color-adjust: exact; }
}
"""
