import { afterEach, expect, it } from 'vitest';
import { connectEmitter } from '../integration/nats-reader.ts';
import { startNatsServer } from '../integration/nats-server.ts';
import { startService } from '../integration/service-process.ts';
import { until } from '../integration/until.ts';
import { keepPicture, openBrowser, showView, violations } from './browser.ts';
import { publishEveryKind, publishSpikes } from './live-stream.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

it('shows how far the stream is read, how safe its state is, and the last gap', async () => {
  const nats = await startNatsServer({ jetStream: true });
  open.push(() => nats.stop());
  await nats.kill('SIGTERM');
  const args = ['run', '--nats', nats.url, '--delivery', 'jetstream', '--http', '127.0.0.1:0'];
  const service = await startService(args);
  open.push(() => service.stop());
  const browser = await openBrowser();
  open.push(browser.close);
  const { page, complaints } = browser;
  // Nothing is known of the stream yet, so nothing that frames say may be shown as the present.
  await showView(page, service.url, 'overview');
  await page.waitForSelector('[data-id="catching-up"] >> text=catching up');
  expect(await violations(page)).toEqual([]);
  await nats.start();
  await until('it has caught up', async () => {
    return (await page.locator('[data-id="catching-up"]').count()) === 0;
  });
  const emitter = await connectEmitter(nats.url);
  open.push(() => emitter.close());
  publishEveryKind(emitter, Date.now() * 1000 - 5_000_000);
  await emitter.flush();
  const came = (frames: number) =>
    service.until(`${frames} came`, (seen) => seen.sum('spikescope_frames_total') === frames);
  await came(90);
  await showView(page, service.url, 'topology');
  await page.waitForSelector('[data-id="last-gap"] >> text=Nothing was lost');
  // Frames 40 to 44 of the spikes never come.
  publishSpikes(emitter, Date.now() * 1000, 45);
  await emitter.flush();
  const metrics = await came(91);
  expect(metrics.sum('spikescope_frames_missing_total')).toBe(5);
  await page.waitForSelector('[data-id="last-gap"] >> text=5 frames by their numbers');
  const shown = (id: string) => page.locator(`[data-id="${id}"] dd`).first().innerText();
  await until('it is safe', async () => (await shown('checkpoint')) !== 'none yet');
  expect(await shown('stream')).toBe('live');
  // The page is told of it a little later than /metrics.
  const after = await service.until('nothing is to be read', (seen) => {
    return seen.sum('spikescope_stream_lag_messages') === 0;
  });
  await until('the page has it', async () => (await shown('stream-lag')) === '0');
  expect(await shown('stream-lost')).toBe(
    String(after.sum('spikescope_stream_messages_lost_total')),
  );
  expect(await violations(page)).toEqual([]);
  await keepPicture(page, 'jetstream');
  await showView(page, service.url, 'overview');
  for (const sink of ['derived', 'documents', 'spike-rate']) {
    await page.waitForSelector(`main td >> text="${sink}"`);
  }
  expect(complaints).toEqual([]);
});
