import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { connectEmitter } from '../integration/nats-reader.ts';
import { startNatsServer } from '../integration/nats-server.ts';
import { type ServiceProcess, startService } from '../integration/service-process.ts';
import { until } from '../integration/until.ts';
import { openBrowser, showView, VIEWS, violations } from './browser.ts';
import { HOSTILE, publishEveryKind } from './live-stream.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function start(...args: string[]): Promise<{ url: string; service: ServiceProcess }> {
  const nats = await startNatsServer();
  open.push(() => nats.stop());
  const service = await startService(['run', '--nats', nats.url, ...args]);
  open.push(() => service.stop());
  await until('it listens', () => service.log().includes('listening on'));
  return { url: nats.url, service };
}

async function browse() {
  const browser = await openBrowser();
  open.push(browser.close);
  return browser;
}

it('shows a live stream with hostile names, its numbers those of /metrics', async () => {
  const { url, service } = await start('--http', '127.0.0.1:0');
  const emitter = await connectEmitter(url);
  open.push(() => emitter.close());
  publishEveryKind(emitter, Date.now() * 1000 - 5_000_000);
  await emitter.flush();
  const metrics = await service.until('all came', (seen) => {
    return seen.sum('spikescope_frames_total') === 90;
  });
  expect(metrics.sum('spikescope_frames_invalid_total')).toBe(0);
  const { page, complaints } = await browse();
  for (const view of VIEWS) {
    await showView(page, service.url, view);
    expect(await violations(page), view).toEqual([]);
    expect(await page.evaluate('window.hacked'), view).toBeUndefined();
    expect(await page.evaluate("document.querySelectorAll('img[src=x]').length"), view).toBe(0);
  }
  // What stands still now is compared with what /metrics says.
  await showView(page, service.url, 'overview');
  await page.waitForSelector('[data-layer-spikes]');
  const shown = (id: string) => page.locator(`[data-id="${id}"] dd`).first().innerText();
  const at = await service.metrics();
  expect(await shown('spikes')).toBe(at.sum('neural_spikes_total').toLocaleString('en'));
  expect(await shown('frames')).toBe(at.sum('spikescope_frames_total').toLocaleString('en'));
  const watts = at.sum('neuromorphic_power_watts');
  expect(await page.locator(`[title="${watts} W"]`).count()).toBe(1);
  const joules = at.sum('neuromorphic_energy_joules_total');
  expect(joules).toBeGreaterThan(1);
  expect(await page.locator(`[title="${joules} J"]`).count()).toBe(1);
  expect(await page.innerText('main')).toContain(HOSTILE);
  await showView(page, service.url, 'raster');
  const count = (id: string) => page.locator(`[data-id="${id}"]`).innerText();
  expect([await count('received'), await count('shown'), await count('dropped')]).toEqual([
    ...['800', '800', '0'],
  ]);
  expect(complaints).toEqual([]);
});

it('says that the service is gone, and goes on when it is back', async () => {
  const { url, service } = await start('--http', '127.0.0.1:0');
  const { page } = await browse();
  await showView(page, service.url, 'overview');
  await page.waitForSelector('[data-id="connection"] >> text=live');
  await service.stop();
  await page.waitForSelector('[role="alert"] >> text=does not answer');
  const again = await startService(['run', '--nats', url, '--http', new URL(service.url).host]);
  open.push(() => again.stop());
  await page.waitForSelector('[data-id="connection"] >> text=live');
  expect(await page.locator('[role="alert"]').count()).toBe(0);
  const emitter = await connectEmitter(url);
  open.push(() => emitter.close());
  await until('it listens', () => again.log().includes('listening on'));
  publishEveryKind(emitter, 0);
  await page.waitForSelector('[data-layer-spikes] >> text=800');
});

it('asks for the token once, and a page without it gets nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spikescope-token-'));
  open.push(async () => rmSync(folder, { recursive: true }));
  const token = 'a-token-of-the-lab-0123';
  writeFileSync(join(folder, 'token'), `${token}\n`);
  const config = join(folder, 'config.yaml');
  writeFileSync(config, `http: { token_file: ${join(folder, 'token')} }\n`);
  const nats = await startNatsServer();
  open.push(() => nats.stop());
  const args = ['--config', config, '--nats', nats.url, '--http', '127.0.0.1:0'];
  const service = await startService(['run', ...args]);
  open.push(() => service.stop());
  const { page, complaints, context } = await browse();
  await page.goto(service.url);
  expect(new URL(page.url()).pathname).toBe('/login');
  expect(await violations(page)).toEqual([]);
  await page.fill('#token', 'a wrong one');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[role="alert"] >> text=not the token');
  expect(await context.cookies()).toEqual([]);
  await page.fill('#token', token);
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-id="connection"] >> text=live');
  const [cookie] = await context.cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/' });
  expect(cookie?.value).not.toContain(token);
  expect(await page.evaluate('document.cookie')).toBe('');
  // The browser itself writes a line for the answer 401; the page has nothing to do with it.
  expect(complaints.filter((line) => !line.includes('401'))).toEqual([]);
  expect((await fetch(`${service.url}/api/overview`)).status).toBe(401);
});
