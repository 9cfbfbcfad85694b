import { pack } from 'msgpackr';
import { afterEach, expect, it } from 'vitest';
import { connectEmitter } from '../integration/nats-reader.ts';
import { startNatsServer } from '../integration/nats-server.ts';
import { startService } from '../integration/service-process.ts';
import { until } from '../integration/until.ts';
import { keepPicture, linkOf, openBrowser, showView, violations } from './browser.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

const FRAME_US = 50_000;
const NEURONS = 40;

/** A layer whose neurons fire at 40 Hz, and fall silent at the end. */
function frameOf(seq: number, t0: number, isSilent: boolean): Uint8Array {
  const spikes = isSilent ? 0 : NEURONS * 2;
  const ids = Uint32Array.from({ length: spikes }, (_, i) => (i * 7) % NEURONS);
  const dts = Uint32Array.from({ length: spikes }, (_, i) => Math.floor((i * FRAME_US) / spikes));
  return pack({
    ...{ v: 1, kind: 'spikes', device_type: 'loihi2', chip_id: 'c0', emitter: 'e', seq, t0 },
    ...{ span_us: FRAME_US, layer_name: '<i>attention', neuron_count: NEURONS },
    ...{ neuron_id: Buffer.from(ids.buffer), dt: Buffer.from(dts.buffer) },
  });
}

it('shows an incident with the series around it, and mutes its place', async () => {
  const nats = await startNatsServer();
  open.push(() => nats.stop());
  const service = await startService(['run', '--nats', nats.url, '--http', '127.0.0.1:0']);
  open.push(() => service.stop());
  await until('it listens', () => service.log().includes('listening on'));
  const emitter = await connectEmitter(nats.url);
  open.push(() => emitter.close());
  const startUs = Math.floor(Date.now() / 1000 - 30) * 1e6;
  let seq = 0;
  const publish = (frames: number, isSilent: boolean) => {
    for (let i = 0; i < frames; i++, seq++) {
      const frame = frameOf(seq, startUs + seq * FRAME_US, isSilent);
      emitter.publish('spikeformer.spikes.loihi2.c0', frame);
    }
  };
  publish(300, false);
  publish(60, true);
  await emitter.flush();
  await service.until('an incident opened', (seen) => {
    return seen.sum('neuromorphic_anomalies_total') > 0;
  });
  const browser = await openBrowser();
  open.push(browser.close);
  const { page, complaints } = browser;
  const mutes: string[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/api/mutes')) mutes.push(request.method());
  });
  await showView(page, service.url, 'incidents');
  await page.click('button >> text=Show');
  await page.waitForSelector('[data-id="incident"] canvas');
  // 80 spikes of 40 neurons in 50 ms are 40 Hz each, and nothing else came before.
  await page.waitForSelector('[data-id="usual"] >> text=usual, 40 Hz to 40 Hz');
  const label = await page.getAttribute('[data-id="incident"] [role="img"]', 'aria-label');
  expect(label).toContain('rate of layer <i>attention of loihi2/c0: 0 Hz');
  expect(await violations(page)).toEqual([]);
  await keepPicture(page, 'incident');
  // The link is the state.
  const link = await linkOf(page);
  await page.goto('about:blank');
  await page.goto(link);
  await page.waitForSelector('[data-id="incident"] canvas');
  expect((await service.metrics()).sum('neuromorphic_anomalies_open')).toBe(1);
  await page.click('form button >> text=Mute');
  await page.fill('#mute-reason', 'cables are <b>moved</b>');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-id="mutes"] >> text=cables are <b>moved</b>');
  expect(mutes, 'a reason is needed').toEqual(['POST']);
  const metrics = await service.until('it is muted', (seen) => {
    return seen.sum('neuromorphic_anomalies_open') === 0;
  });
  expect(metrics.sum('neuromorphic_anomalies_muted')).toBe(1);
  expect(await violations(page)).toEqual([]);
  await page.waitForSelector('nav a >> text=/^Incidents$/');
  await page.click('[data-id="mutes"] button >> text=Unmute');
  await service.until('it is open again', (seen) => seen.sum('neuromorphic_anomalies_open') === 1);
  await until('the mute is gone', async () => {
    return (await page.locator('[data-id="mutes"]').count()) === 0;
  });
  expect(complaints).toEqual([]);
});
