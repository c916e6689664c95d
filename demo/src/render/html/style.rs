//! How the report looks: light, dark, on a phone, printed.

/// Colours of people in charts; more people than colours share them.
pub const PALETTE: usize = 8;

/// The style sheet of the page.
pub const STYLE: &str = "\
:root{color-scheme:light dark;\
--page:#ffffff;--panel:#f6f8fa;--line:#d1d9e0;--text:#1f2328;--dim:#59636e;--good:#1a7f37;--soft:#0969da;--warn:#953800;--warnbg:#fff1e5;\
--grid:#e4e9ee;--c0:#0a7d6c;--c1:#b35900;--c2:#5b5bd6;--c3:#bf3f8a;--c4:#2f6fb3;--c5:#7a7300;--c6:#a23b3b;--c7:#5f6b78;--none:#c9d1d9}
@media(prefers-color-scheme:dark){:root{\
--page:#0d1117;--panel:#151b23;--line:#3d444d;--text:#f0f6fc;--dim:#9198a1;--good:#3fb950;--soft:#58a6ff;--warn:#f0a35e;--warnbg:#2d1f12;\
--grid:#262c36;--c0:#33b8a2;--c1:#e8954a;--c2:#9a9aff;--c3:#ea7fbd;--c4:#69aef2;--c5:#cbbf45;--c6:#ee8080;--c7:#9aa7b5;--none:#3d444d}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:60rem;background:var(--page);color:var(--text);\
font:16px/1.5 system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:break-word}
h1{font-size:1.75rem;line-height:1.25;margin:0 0 .5rem}
h2{font-size:1.3rem;margin:3rem 0 .25rem;padding-top:.75rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.75rem 0 .6rem}
h3 .small{font-weight:400}
p{margin:.4rem 0}
.dim{color:var(--dim)}.good{color:var(--good)}
.small{font-size:.875rem}
code{font:.8125rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;overflow-wrap:anywhere}
.chip{display:inline-block;width:.75rem;height:.75rem;border-radius:.2rem;margin-right:.45rem;vertical-align:-.05rem}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;font-size:.875rem;color:var(--dim);margin:0 0 .5rem}
.row{display:grid;grid-template-columns:13rem 1fr 11rem 4rem;gap:.25rem .9rem;align-items:center;padding:.3rem 0;break-inside:avoid}
.row>.amount,.row>.part{text-align:right;white-space:nowrap}
.row>.part{color:var(--dim)}
.row.wide{grid-template-columns:13rem 1fr 11rem}
.row .block{display:block}
.row.wide>.note{grid-column:2/-1;font-size:.875rem;color:var(--dim);text-align:right;margin-top:-.35rem}
svg{display:block;max-width:100%;height:auto}
svg.bar{width:100%;height:.8rem;border-radius:.2rem;background:var(--grid)}
svg.whole{width:100%;height:1.5rem;border-radius:.3rem;background:var(--grid);margin:.25rem 0 .75rem}
svg text{font:12.5px system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;fill:var(--text)}
svg text.name{font-weight:600}svg text.dim{fill:var(--dim)}svg text.halo{paint-order:stroke;stroke:var(--page);stroke-width:4px;stroke-linejoin:round}
.narrow{display:none}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600;color:var(--dim);font-size:.875rem}
td.amount,th.amount{text-align:right;white-space:nowrap;padding-right:2rem}
td:last-child,th:last-child{padding-right:0}
table.worth td.amount,table.worth th.amount{padding-right:0;padding-left:1.25rem}
table.worth .label{display:none}
table.worth tr.group th{padding-top:1rem}
svg.bar.thin{height:.3rem;margin-top:.2rem;max-width:16rem}
.certificate{color:var(--dim);border-left:3px solid var(--good);padding-left:.75rem;margin:.75rem 0}
ul.plain{list-style:none;margin:0;padding:0}
ol.steps{list-style:none;margin:1rem 0 0;padding:0}
ol.steps>li{border:1px solid var(--line);border-radius:.5rem;background:var(--panel);padding:.8rem 1rem;margin:0 0 .75rem;break-inside:avoid}
ol.steps>li.chapter{border:0;background:none;padding:1rem 0 0;font-size:1.15rem;font-weight:600}
ol.steps h3{margin:0;display:flex;gap:.6rem;align-items:baseline}
ol.steps h3 .day{margin-left:auto;font-weight:400;font-size:.875rem;color:var(--dim);white-space:nowrap}
.changes{display:grid;grid-template-columns:1fr auto;gap:.1rem 1rem;margin:.5rem 0;font-size:.875rem}
.changes>span:nth-child(odd){color:var(--dim)}
.changes>span:nth-child(even){text-align:right}
.cost{display:grid;grid-template-columns:auto 8rem 1fr;gap:.75rem;align-items:center;font-size:.8125rem;color:var(--dim)}
.cost svg.bar{height:.45rem}
.warn{border:1px solid var(--warn);background:var(--warnbg);border-radius:.5rem;padding:.2rem 1.1rem 1rem;margin:1.5rem 0}
.warn h2{border:0;margin:0;color:var(--warn)}
.warn ol{margin:.25rem 0;padding-left:1.6rem}
.tag{display:inline-block;border:1px solid var(--warn);color:var(--warn);border-radius:1rem;padding:0 .55rem;font-size:.8125rem;white-space:nowrap}
footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--dim);font-size:.875rem}
@media(max-width:40rem){
body{padding:1.25rem 1rem 3rem}
h1{font-size:1.4rem}
.wideonly{display:none}.narrow{display:block}
.row{grid-template-columns:1fr auto 3.4rem;gap:.15rem .75rem}
.row>svg{grid-column:1/-1;grid-row:2}
.row.wide{grid-template-columns:1fr auto}
.row.wide>.note{grid-column:1/-1;margin:0}
.changes{grid-template-columns:1fr}
.changes>span:nth-child(even){text-align:left;margin:0 0 .35rem}
.cost{grid-template-columns:auto 1fr}.cost>.checked{grid-column:1/-1}
table.stack thead{display:none}
table.stack td{display:block;border:0;padding:.05rem 0;text-align:left}
table.stack tr{display:block;border-bottom:1px solid var(--line);padding:.5rem 0}
table.worth tr.group th{display:block;border:0;padding:.5rem 0 0}
table.worth td.amount{display:flex;justify-content:space-between;padding-left:0}
table.worth .label{display:inline;color:var(--dim);font-size:.875rem}
}
@media print{
:root{color-scheme:light;--page:#fff;--panel:#fff;--line:#b8c0c8;--text:#000;--dim:#444c54;--good:#11632b;--soft:#0550ae;--warn:#7a2e00;--warnbg:#fff;\
--grid:#dfe4e8;--c0:#0a7d6c;--c1:#b35900;--c2:#5b5bd6;--c3:#bf3f8a;--c4:#2f6fb3;--c5:#7a7300;--c6:#a23b3b;--c7:#5f6b78;--none:#c9d1d9}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
svg text{font-size:14px}
@page{margin:15mm}
body{max-width:none;padding:0;font-size:10.5pt}
h2,h3{break-after:avoid}
section.chart,table tr,.warn{break-inside:avoid}
}
";
