import { type ComponentChild, h } from 'preact';
import type { TopologyUpdate } from '../sinks/live/schemas.ts';
import { si, whole } from './format.ts';

type Kind = TopologyUpdate['kinds'][number];
type Pipeline = TopologyUpdate['pipelines'][number];

interface Place {
  readonly x: number;
  readonly y: number;
}

interface Edge {
  readonly from: Place;
  readonly to: Place;
  readonly perSecond: number;
  readonly title: string;
}

const ROW = 46;
const TOP = 30;
const HEIGHT = 36;
const KIND = { x: 8, width: 190 };
const PIPELINE = { x: 360, width: 290 };
const SINK = { x: 820, width: 190 };
const WIDTH = 1018;

/** The way of a frame: kinds, pipelines and sinks, joined by lines as thick as they are busy. */
export function flowPicture(
  kinds: readonly Kind[],
  pipelines: readonly Pipeline[],
): ComponentChild {
  const sinks = [...new Set(pipelines.flatMap(({ derives }) => derives))];
  const rows = Math.max(kinds.length, pipelines.length, sinks.length);
  const yOf = (count: number, i: number) => TOP + ((rows - count) / 2 + i) * ROW;
  const edges = edgesOf(kinds, pipelines, sinks, yOf);
  const height = TOP + rows * ROW;
  return h(
    'div',
    { class: 'flow scroll card', tabIndex: 0, role: 'region', 'aria-label': 'Flow of frames' },
    h(
      'svg',
      { viewBox: `0 0 ${WIDTH} ${height}`, role: 'img', 'aria-label': spoken(kinds, pipelines) },
      ...[head('Frames', KIND.x), head('Pipelines', PIPELINE.x), head('Records to', SINK.x)],
      ...edges.map(edgePath),
      ...kinds.map(({ kind, frames, frames_per_second }, i) => {
        const note = `${si(frames_per_second, '/s')}, ${whole(frames)} frames`;
        return box(KIND, yOf(kinds.length, i), kind, note, kind);
      }),
      ...pipelines.map(({ name, summary, records, records_per_second, failures }, i) => {
        const failed = failures > 0 ? ', ended with an error' : '';
        const note = `${si(records_per_second, '/s')}, ${whole(records)} records${failed}`;
        return box(PIPELINE, yOf(pipelines.length, i), name, note, summary, failures > 0);
      }),
      ...sinks.map((sink, i) => {
        const feeding = pipelines.filter(({ derives }) => derives.includes(sink));
        const sum = feeding.reduce((total, each) => total + each.records_per_second, 0);
        const note = `${si(sum, '/s')} of ${feeding.length} pipelines`;
        return box(SINK, yOf(sinks.length, i), sink, note, sink);
      }),
    ),
  );
}

function edgesOf(
  kinds: readonly Kind[],
  pipelines: readonly Pipeline[],
  sinks: readonly string[],
  yOf: (count: number, i: number) => number,
): Edge[] {
  const middle = HEIGHT / 2;
  return pipelines.flatMap(({ name, reads, derives, records_per_second }, p) => {
    const y = yOf(pipelines.length, p) + middle;
    const into = kinds.flatMap(({ kind, frames_per_second }, k): Edge[] => {
      if (!reads.includes(kind)) return [];
      const from = { x: KIND.x + KIND.width, y: yOf(kinds.length, k) + middle };
      const title = `${kind} to ${name}: ${si(frames_per_second, 'frames/s')}`;
      return [{ from, to: { x: PIPELINE.x, y }, perSecond: frames_per_second, title }];
    });
    const out = derives.map((sink): Edge => {
      const to = { x: SINK.x, y: yOf(sinks.length, sinks.indexOf(sink)) + middle };
      const title = `${name} to ${sink}: ${si(records_per_second, 'records/s')}`;
      const from = { x: PIPELINE.x + PIPELINE.width, y };
      return { from, to, perSecond: records_per_second, title };
    });
    return [...into, ...out];
  });
}

function edgePath({ from, to, perSecond, title }: Edge): ComponentChild {
  const middle = (from.x + to.x) / 2;
  const d = `M${from.x} ${from.y} C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}`;
  const width = perSecond === 0 ? 1 : Math.min(7, 1.2 + Math.log10(1 + perSecond));
  const props = { key: title, d, 'stroke-width': width, class: perSecond === 0 ? '' : 'busy' };
  return h('path', props, h('title', null, title));
}

function head(text: string, x: number): ComponentChild {
  return h('text', { x, y: 16, class: 'head', key: text }, text);
}

function box(
  { x, width }: { x: number; width: number },
  y: number,
  name: string,
  note: string,
  title: string,
  isFailed = false,
): ComponentChild {
  return h(
    'g',
    { key: `${x} ${name}`, class: isFailed ? 'failed' : '' },
    h('title', null, title),
    h('rect', { x, y, width, height: HEIGHT, rx: 7 }),
    h('text', { x: x + 10, y: y + 15, class: 'head' }, name),
    h('text', { x: x + 10, y: y + 29, class: 'soft' }, note),
  );
}

function spoken(kinds: readonly Kind[], pipelines: readonly Pipeline[]): string {
  const coming = kinds.map(
    ({ kind, frames_per_second: speed }) => `${kind} ${si(speed, 'a second')}`,
  );
  const working = pipelines.map(
    ({ name, records_per_second: speed }) => `${name} ${si(speed, 'a second')}`,
  );
  return `Frames: ${coming.join(', ')}. Pipelines: ${working.join(', ')}.`;
}
