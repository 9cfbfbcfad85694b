import type { FlameFrame } from './frames.ts';

const WIDTH = 1200;
const ROW = 18;
const HEAD = 44;
const FOOT = 28;
const MARGIN = 10;
/** Narrower ones can't be seen, and would be most of the file. */
const PIXELS_MIN = 1.5;
const CHAR_PIXELS = 6.3;
const TEXT_CHARS_MIN = 3;
const DEPTH_MAX = 40;

/** By where a function is: hue tells what can be changed here, and what is others'. */
const KINDS = [
  { name: 'Spikescope', test: /^(src|pipelines)\//, colour: '#f2a65a' },
  { name: 'WebAssembly', test: /^WebAssembly$/, colour: '#9fd18b' },
  { name: 'Node', test: /^node:/, colour: '#8fb8de' },
  { name: 'packages', test: /./, colour: '#c9b6e4' },
  { name: 'V8 and the kernel', test: /^$/, colour: '#d6d6d6' },
] as const;

/** A flame graph without a script: the root below, each call on its caller, as wide as its time. */
export function flameSvg(root: FlameFrame, title: string): string {
  const scale = (WIDTH - 2 * MARGIN) / Math.max(1, root.us);
  const depth = Math.min(DEPTH_MAX, depthOf(root, scale));
  const height = HEAD + depth * ROW + FOOT;
  const boxes: string[] = [];
  draw(root, MARGIN, 0);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" \
width="${WIDTH}" height="${height}" font-family="monospace" font-size="11" role="img" \
aria-label="${escaped(title)}">
<rect width="100%" height="100%" fill="#fff"/>
<text x="${MARGIN}" y="20" font-size="14">${escaped(title)}</text>
${legend()}
${boxes.join('\n')}
<text x="${MARGIN}" y="${height - 10}" fill="#555">${(root.us / 1e6).toFixed(2)} s of CPU; \
hover a box for its share; what is narrower than ${PIXELS_MIN} pixels is left out</text>
</svg>
`;

  function draw(frame: FlameFrame, x: number, level: number): void {
    const width = frame.us * scale;
    if (width < PIXELS_MIN || level >= depth) return;
    boxes.push(box(frame, x, HEAD + (depth - 1 - level) * ROW, width, root.us));
    let at = x;
    for (const call of frame.calls) {
      draw(call, at, level + 1);
      at += call.us * scale;
    }
  }
}

function depthOf(frame: FlameFrame, scale: number): number {
  if (frame.us * scale < PIXELS_MIN) return 0;
  return 1 + Math.max(0, ...frame.calls.map((call) => depthOf(call, scale)));
}

function box(frame: FlameFrame, x: number, y: number, width: number, allUs: number): string {
  const share = ((frame.us / allUs) * 100).toFixed(1);
  const where = frame.place === '' ? '' : ` (${frame.place})`;
  const chars = Math.floor((width - 4) / CHAR_PIXELS);
  const label = shortened(labelOf(frame), chars);
  const text = `<text x="${(x + 2).toFixed(1)}" y="${y + 12}">${escaped(label)}</text>`;
  return `<g><title>${escaped(`${frame.name}${where}: ${share} %`)}</title><rect \
x="${x.toFixed(1)}" y="${y}" width="${Math.max(0.5, width - 0.5).toFixed(1)}" height="${ROW - 1}" \
fill="${colourOf(frame.place)}"/>${chars >= TEXT_CHARS_MIN ? text : ''}</g>`;
}

/** Many functions of streams are called `next`: ours say the file too. */
function labelOf({ name, place }: FlameFrame): string {
  const file = /^(?:src|pipelines)\/.*?([^/]+)\.ts:\d+$/.exec(place)?.[1];
  return file === undefined ? name : `${name} · ${file}`;
}

function shortened(text: string, chars: number): string {
  return text.length > chars ? `${text.slice(0, Math.max(0, chars - 1))}…` : text;
}

function colourOf(place: string): string {
  return (KINDS.find(({ test }) => test.test(place)) ?? KINDS[4]).colour;
}

function legend(): string {
  return KINDS.map(({ name, colour }, i) => {
    const x = MARGIN + i * 150;
    return `<rect x="${x}" y="28" width="10" height="10" fill="${colour}"/>\
<text x="${x + 14}" y="37" fill="#555">${name}</text>`;
  }).join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
