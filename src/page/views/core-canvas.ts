import { type ComponentChild, h } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { scaleColour } from '../colour-scale.ts';

export interface CoreCanvasProps {
  readonly label: string;
  /** Shares of the scale from 0 to 1; undefined where nothing is known. */
  readonly shares: readonly (number | undefined)[];
  /** What is said of a core. */
  readonly titleOf: (index: number) => string;
}

const SIDE_PX = 9;
const COLUMNS_MAX = 24;

/** The cores of a chip as one picture: thousands of them cost no more than a few. */
export function CoreCanvas({ label, shares, titleOf }: CoreCanvasProps): ComponentChild {
  const canvas = useRef<HTMLCanvasElement>(null);
  const columns = Math.min(COLUMNS_MAX, Math.max(1, Math.ceil(Math.sqrt(shares.length * 2))));
  const width = columns * SIDE_PX;
  const height = Math.ceil(shares.length / columns) * SIDE_PX;
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context) return;
    element.width = width * devicePixelRatio;
    element.height = height * devicePixelRatio;
    context.scale(devicePixelRatio, devicePixelRatio);
    for (const [i, share] of shares.entries()) {
      if (share === undefined) continue;
      context.fillStyle = scaleColour(share).back;
      const x = (i % columns) * SIDE_PX;
      context.fillRect(x, Math.floor(i / columns) * SIDE_PX, SIDE_PX - 1, SIDE_PX - 1);
    }
  });
  const point = (event: PointerEvent): void => {
    const { left, top } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const column = Math.floor((event.clientX - left) / SIDE_PX);
    const index = Math.floor((event.clientY - top) / SIDE_PX) * columns + column;
    const isCore = column >= 0 && column < columns && index >= 0 && index < shares.length;
    if (canvas.current !== null) canvas.current.title = isCore ? titleOf(index) : '';
  };
  return h('canvas', {
    ref: canvas,
    class: 'core-picture',
    role: 'img',
    'aria-label': label,
    style: { width: `${width}px`, height: `${height}px` },
    onPointerMove: point,
  });
}
