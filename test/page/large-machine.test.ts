import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from 'msgpackr';
import type { Page } from 'playwright-core';
import { afterEach, expect, it } from 'vitest';
import { connectEmitter } from '../integration/nats-reader.ts';
import { startNatsServer } from '../integration/nats-server.ts';
import { startService } from '../integration/service-process.ts';
import { until } from '../integration/until.ts';
import { keepPicture, linkOf, openBrowser, showView, violations } from './browser.ts';
import { publishEveryKind } from './live-stream.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function start(config = '{}') {
  const folder = mkdtempSync(join(tmpdir(), 'spikescope-config-'));
  open.push(async () => rmSync(folder, { recursive: true }));
  const file = join(folder, 'config.yaml');
  writeFileSync(file, config);
  const nats = await startNatsServer();
  open.push(() => nats.stop());
  const args = ['--config', file, '--nats', nats.url, '--http', '127.0.0.1:0'];
  const service = await startService(['run', ...args]);
  open.push(() => service.stop());
  await until('it listens', () => service.log().includes('listening on'));
  const emitter = await connectEmitter(nats.url);
  open.push(() => emitter.close());
  const browser = await openBrowser();
  open.push(browser.close);
  return { service, emitter, ...browser };
}

/** Whether an event with a text has come by the stream of a page, from now on. */
async function isTold(page: Page, text: string): Promise<() => boolean> {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  let has = false;
  session.on('Network.eventSourceMessageReceived', ({ data }) => {
    has ||= data.includes(text);
  });
  return () => has;
}

/** What has come by now is drawn with the next frame. */
const DRAWN = 'new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))';

const CHIPS = 400;
const CORES = 128;

it('shows the cores of hundreds of chips', async () => {
  const { service, emitter, page, complaints } = await start();
  const ids = Uint32Array.from({ length: CORES }, (_, i) => i);
  for (let chip = 0; chip < CHIPS; chip++) {
    const percent = Float32Array.from(ids, (id) => (id + chip) % 101);
    const frame = {
      ...{ v: 1, kind: 'cores', device_type: 'loihi2', chip_id: `c${chip}`, t0: 0 },
      ...{ span_us: 1_000_000, layer_name: Array.from(ids, (id) => `${id % 3}`) },
      core_id: Buffer.from(ids.buffer),
      utilization_percent: Buffer.from(percent.buffer),
    };
    emitter.publish(`spikeformer.cores.loihi2.c${chip}`, pack(frame));
  }
  await emitter.flush();
  await service.until('all came', (seen) => seen.sum('spikescope_frames_total') === CHIPS);
  await showView(page, service.url, 'cores');
  const pictures = page.locator('canvas.core-picture');
  await until('all chips are there', async () => (await pictures.count()) === CHIPS);
  // 16 in a row, a core each 9 pixels: the third of the second row is 18.
  await pictures.first().hover({ position: { x: 2 * 9 + 4, y: 9 + 4 } });
  let title: string | null = null;
  await until(
    'the core is named',
    async () => {
      title = await pictures.first().getAttribute('title');
      return title === 'core 18: 18 %, layer 0';
    },
    () => title,
  );
  expect(await violations(page)).toEqual([]);
  await keepPicture(page, 'many-chips');
  expect(complaints).toEqual([]);
});

it('links traces, shows spans as a timeline, filters and follows the log', async () => {
  const trace = 'http://traces.example/trace/{trace_id}';
  const { service, emitter, page, complaints } = await start(`http: { trace_url: '${trace}' }`);
  publishEveryKind(emitter, Date.now() * 1000 - 5_000_000);
  await emitter.flush();
  await service.until('all came', (seen) => seen.sum('spikescope_frames_total') === 90);
  await showView(page, service.url, 'conversions');
  const link = await page.getAttribute('main a >> text=Trace', 'href');
  expect(link).toMatch(/^http:\/\/traces\.example\/trace\/[0-9a-f]{32}$/);
  const spans = await page.locator('.timeline .name').allInnerTexts();
  expect(spans).toEqual(['model_conversion (900 ms)', 'calibration (300 ms)']);
  await showView(page, service.url, 'logs');
  const rows = page.locator('table >> nth=0 >> tbody tr');
  await page.selectOption('#level', 'ERROR');
  await until('errors only', async () => {
    const levels = await rows.locator('td:nth-child(2)').allInnerTexts();
    return levels.length > 0 && levels.every((level) => level === 'ERROR');
  });
  await page.fill('#find', 'conversion of');
  await until('one is left', async () => (await rows.count()) === 1);
  // The link keeps the filter.
  expect(await linkOf(page)).toContain('level=ERROR&find=conversion+of');
  await page.fill('#find', '');
  await until('all are there again', async () => (await rows.count()) > 1);
  await page.click('button >> text=Follow');
  await page.waitForSelector('button[aria-pressed="false"] >> text=Follow');
  const before = await rows.count();
  const told = await isTold(page, 'one more');
  const line = { v: 1, kind: 'log', device_type: 'loihi2', chip_id: 'c0', t0: 1, span_us: 0 };
  const said = pack({ ...line, level: 'ERROR', message: 'one more' });
  emitter.publish('spikeformer.log.loihi2.c0', said);
  await service.until('it came', (seen) => seen.sum('spikescope_frames_total') === 91);
  await until('the page has been told of it', told);
  await page.evaluate(DRAWN);
  expect(await rows.count()).toBe(before);
  await page.click('button >> text=Follow');
  await page.waitForSelector('td >> text=one more');
  expect(complaints).toEqual([]);
});
