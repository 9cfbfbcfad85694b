import { type ComponentChild, h } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { drawShades, type Shades } from './chart-shades.ts';
import { fullTime, timeOf } from './format.ts';
import { colourOf, cssColour, dashOf } from './palette.ts';

export interface Line {
  readonly name: string;
  readonly t_us: readonly number[];
  readonly values: readonly number[];
}

export interface ChartProps {
  readonly label: string;
  readonly unit: string;
  readonly lines: readonly Line[];
  readonly height?: number;
  readonly format: (value: number) => string;
  readonly shades?: Shades;
}

/** One plot of several lines over event time. */
export function Chart(props: ChartProps): ComponentChild {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const shape = useRef('');
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const data = aligned(props.lines);
    const width = element.clientWidth;
    const { theme = '' } = document.documentElement.dataset;
    const names = props.lines.map(({ name }) => name);
    const wanted = JSON.stringify([names, width, theme, props.shades]);
    if (plot.current !== undefined && shape.current === wanted) {
      plot.current.setData(data);
      return;
    }
    plot.current?.destroy();
    shape.current = wanted;
    plot.current = new uPlot(optionsOf(props, width), data, element);
  });
  useEffect(() => () => plot.current?.destroy(), []);
  const last = props.lines.map(({ name, values }) => {
    const value = values.at(-1);
    return `${name}: ${value === undefined ? 'nothing' : props.format(value)}`;
  });
  const label = `${props.label}, last values: ${last.join(', ')}`;
  return h('div', { ref: box, role: 'img', 'aria-label': label });
}

function optionsOf(
  { unit, lines, format, height, shades }: ChartProps,
  width: number,
): uPlot.Options {
  const axis = { stroke: cssColour('soft'), grid: { stroke: cssColour('line'), width: 1 } };
  const time = (seconds: number) => timeOf(seconds * 1e6);
  return {
    width,
    height: height ?? 200,
    cursor: { drag: { x: false, y: false } },
    legend: { live: true },
    scales: { x: { time: false } },
    axes: [
      {
        ...axis,
        values: (_, ticks) => ticks.map((tick) => time(tick).replace(/\.000$/, '')),
        space: 90,
      },
      { ...axis, size: 66, values: (_, ticks) => ticks.map((tick) => format(tick)) },
    ],
    series: [
      { label: 'time', value: (_, raw: number | null) => (raw === null ? '' : time(raw)) },
      ...lines.map(({ name }, i) => ({
        label: name,
        stroke: colourOf(i),
        dash: dashOf(i),
        width: 1.5,
        points: { show: false },
        value: (_: uPlot, raw: number | null) => (raw === null ? '' : format(raw)),
      })),
    ],
    hooks: {
      drawClear: shades === undefined ? [] : [(plot) => drawShades(plot, shades)],
      setCursor: [
        (plot) => {
          const at = plot.cursor.idx;
          const seconds = typeof at === 'number' ? plot.data[0][at] : undefined;
          plot.root.title = seconds === undefined ? unit : fullTime(Math.round(seconds * 1e6));
        },
      ],
    },
  };
}

/** Times as many as usual between two points are a gap, where nothing is known. */
const GAP_STEPS = 20;

/** All lines on one axis of time, in seconds. */
function aligned(lines: readonly Line[]): uPlot.AlignedData {
  return lines.length === 0 ? [[]] : uPlot.join(lines.map(withGaps));
}

function withGaps({ t_us, values }: Line): uPlot.AlignedData {
  const steps = t_us.slice(1).map((us, i) => us - (t_us[i] as number));
  const usual = steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
  const times: number[] = [];
  const shown: (number | null)[] = [];
  for (const [i, us] of t_us.entries()) {
    const step = i === 0 ? 0 : (steps[i - 1] as number);
    if (usual > 0 && step > usual * GAP_STEPS) {
      times.push((us - step / 2) / 1e6);
      shown.push(null);
    }
    times.push(us / 1e6);
    shown.push(values[i] as number);
  }
  return [times, shown];
}
