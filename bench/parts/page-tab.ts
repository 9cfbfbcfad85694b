import { startService } from '../../test/integration/service-process.ts';
import { openBrowser } from '../../test/page/browser.ts';
import type { BenchOptions, Row } from './report.ts';

const SECONDS = 600;
const FPS_SECONDS = 10;

/** A real tab on the demo's raster: first paint, frames a second, memory over ten minutes. */
export async function pageTab({ scale }: BenchOptions): Promise<Row[]> {
  const demo = await startService(['demo', '--http', '127.0.0.1:0']);
  const { page, context, close } = await openBrowser();
  try {
    await page.goto(`${demo.url}/#/raster`);
    await page.waitForSelector('.raster canvas');
    const paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime";
    const paintMs = (await page.evaluate(paint)) as number;
    const session = await context.newCDPSession(page);
    const heapMb = async () => {
      await session.send('HeapProfiler.collectGarbage');
      const { usedSize } = await session.send('Runtime.getHeapUsage');
      return Number((usedSize / 1e6).toFixed(1));
    };
    const seconds = Math.round(SECONDS * scale);
    // Two minutes fill the rings that the page keeps.
    await page.waitForTimeout(Math.min(125, seconds / 4) * 1000);
    const first = await heapMb();
    const fps = (await page.evaluate(FRAMES)) as number;
    await page.waitForTimeout(seconds * 1000);
    const last = await heapMb();
    return [
      {
        'first contentful paint, ms': Math.round(paintMs),
        'frames a second': Number(fps.toFixed(1)),
        'heap with full rings, MB': first,
        [`${Math.round(seconds / 60)} minutes later, MB`]: last,
      },
    ];
  } finally {
    await close();
    await demo.stop();
  }
}

/** Frames that the tab itself counts, while the raster is drawn. */
const FRAMES = `new Promise((resolve) => {
  const started = performance.now();
  let frames = 0;
  const next = () => {
    frames++;
    const s = (performance.now() - started) / 1000;
    if (s < ${FPS_SECONDS}) requestAnimationFrame(next);
    else resolve(frames / s);
  };
  requestAnimationFrame(next);
})`;
