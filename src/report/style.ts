import { COLOURS } from './colours.ts';

const series = (side: 0 | 1) => COLOURS.map((pair, i) => `--c${i}:${pair[side]};`).join('');

const LIGHT = `--back:#f5f7f9;--card:#fff;--line:#d5dce2;--text:#17212a;--soft:#52606c;\
--link:#0a5a8f;--good:#00664a;--warn:#8a5200;--bad:#a8321a;--mark:#f3dfae;--none:#dde2e6;\
${series(0)}`;

const DARK = `--back:#0e1419;--card:#161e25;--line:#2b363f;--text:#e4eaef;--soft:#9fb0bd;\
--link:#74bdf0;--good:#3fc79a;--warn:#f0b44b;--bad:#ff8f73;--mark:#4a3d1c;--none:#242d34;\
${series(1)}`;

/** The style sheet of every report. Print is light, whatever the screen is. */
export const STYLE = `
:root{color-scheme:light dark;${LIGHT}}
@media screen and (prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
body{margin:0 auto;padding:16px;max-width:1240px;background:var(--back);color:var(--text);\
font:15px/1.45 system-ui,"Segoe UI",sans-serif}
h1{font-size:1.6rem;margin:0;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:0 0 10px}
h3{font-size:1rem;margin:18px 0 8px;overflow-wrap:anywhere}
p{margin:6px 0}
.sub,.note,caption,.tile dt,figcaption,footer{color:var(--soft)}
.note{font-size:.85rem;overflow-wrap:anywhere}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
nav ul{display:flex;flex-wrap:wrap;gap:4px 16px;list-style:none;padding:0;margin:10px 0 16px}
section{background:var(--card);border:1px solid var(--line);border-radius:8px;\
padding:14px 16px;margin:0 0 14px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(116px,1fr));gap:10px;margin:0}
.tile{border:1px solid var(--line);border-radius:6px;padding:8px;min-width:0}
.tile dt{font-size:.83rem}
.tile dd{margin:0;font-size:1.15rem;line-height:1.25;font-variant-numeric:tabular-nums;\
overflow-wrap:anywhere}
.tile dd.note{font-size:.8rem}
.tile .badge{font-size:1rem}
.scroll{overflow-x:auto;margin:8px 0}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;padding-bottom:4px}
th,td{text-align:left;vertical-align:top;padding:4px 12px 4px 0;\
border-bottom:1px solid var(--line)}
th{font-weight:600}
thead th{color:var(--soft)}
tbody th{overflow-wrap:anywhere;min-width:5em}
.n{text-align:right;white-space:nowrap}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,430px),1fr));\
gap:10px 22px}
figure{margin:0;min-width:0}
figcaption{font-weight:600;font-size:.9rem;overflow-wrap:anywhere}
figure.wide{margin:0 0 10px}
svg{display:block;width:100%;height:auto}
svg text{fill:var(--text);font-size:12px;font-family:system-ui,"Segoe UI",sans-serif}
svg .soft{fill:var(--soft)}
svg .n{text-anchor:end}
svg .m{text-anchor:middle}
svg .grid{stroke:var(--line);fill:none}
svg .axis{stroke:var(--soft);fill:none}
svg .line{fill:none;stroke-width:1.4;stroke-linejoin:round}
svg .band{stroke:none;fill-opacity:.22}
svg .mark{fill:var(--mark)}
svg .none{fill:var(--none)}
svg .ref{stroke:var(--soft);stroke-dasharray:5 4;fill:none}
.badge{border:1px solid;border-radius:4px;padding:0 6px;font-weight:600;white-space:nowrap}
.good{color:var(--good)}
.warn{color:var(--warn)}
.bad{color:var(--bad)}
.info{color:var(--link)}
.legend{display:flex;flex-wrap:wrap;gap:2px 14px;list-style:none;margin:4px 0;padding:0;\
font-size:.85rem;overflow-wrap:anywhere}
.legend svg{flex:none;display:inline-block;width:26px;height:10px;vertical-align:middle;margin-right:5px}
footer{font-size:.85rem;padding:4px 0 20px;overflow-wrap:anywhere}
@media (max-width:560px){body{padding:8px}section{padding:10px}svg text{font-size:17px}}
@media print{
:root{color-scheme:light;font-size:9.5pt}
@page{size:A4;margin:13mm}
body{max-width:none;padding:0;background:#fff;font-size:1rem}
svg text{font-size:15px}
nav{display:none}
section{border:0;padding:0;margin:0 0 14pt}
section.page{break-before:page}
h1,h2,h3,figcaption,caption{break-after:avoid}
figure,.tile,tr,.keep{break-inside:avoid}
thead{display:table-header-group}
.scroll{overflow:visible}
.figures{grid-template-columns:1fr 1fr;gap:8pt 14pt}
.tiles{grid-template-columns:repeat(6,1fr);gap:5pt}
.tile dd{font-size:12pt}
th,td{padding:2pt 7pt 2pt 0;font-size:8pt}
a{color:inherit;text-decoration:none}
}
`;
