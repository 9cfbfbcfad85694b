import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterEach, expect, it } from 'vitest';
import { openRecording } from '../../src/recordings/open.ts';
import { type ServiceProcess, startService } from '../integration/service-process.ts';
import { until } from '../integration/until.ts';
import { keepPicture, linkOf, openBrowser, showView, violations } from './browser.ts';

/** Recordings of the demo and of a folder, replayed in a real browser. */
const DEMO = join(import.meta.dirname, '../../fixtures/demo');
const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function start(
  variables: Readonly<Record<string, string>> = {},
  http = '127.0.0.1:0',
): Promise<ServiceProcess> {
  const service = await startService(['demo', '--http', http], variables);
  open.push(() => service.stop());
  return service;
}

async function browse() {
  const browser = await openBrowser();
  open.push(browser.close);
  return browser;
}

const textOf = (page: Page, id: string) => page.innerText(`[data-id="${id}"]`);

async function stateIs(page: Page, state: string): Promise<void> {
  await until(`it is ${state}`, async () => (await textOf(page, 'replay-state')) === state);
}

/** Spikes of the first second, read from the files. */
async function spikesOfFirstSecond(name: string): Promise<string> {
  const recording = await openRecording(join(DEMO, name));
  let spikes = 0;
  for await (const frame of recording.frames(1_000_000)) {
    if (frame.kind === 'spikes' && frame.t0Us === 0) spikes += frame.neuronId.length;
  }
  await recording.close();
  return spikes.toLocaleString('en');
}

it('replays a recording by name; the slider goes to a time, by keyboard too', async () => {
  const service = await start();
  const upTo1s = await spikesOfFirstSecond('nest-layered');
  const { page, complaints } = await browse();
  await showView(page, service.url, 'recordings');
  await page.waitForSelector('td >> text=37,479');
  expect(await page.innerText('main')).toMatch(/nest-layered\s+5 s\s+37,479\s+3\s/);
  const begun = page.waitForRequest((request) => request.url().endsWith('/api/replays'));
  await page.click('td a >> text=nest-layered');
  const asked: unknown = (await begun).postDataJSON();
  expect(asked).toMatchObject({ recording: 'nest-layered', playing: true });
  await page.waitForSelector('.raster canvas');
  // Its five seconds may be over before anybody looks: from here on they last ten times as long.
  await page.selectOption('#speed', '0.1');
  await keepPicture(page, 'replay');
  expect(await violations(page)).toEqual([]);
  const slider = 'input[type=range]';
  await page.focus(slider);
  await page.keyboard.press('End');
  await stateIs(page, 'ended');
  expect(await textOf(page, 'replay-time')).toBe('5 s of 5 s');
  await until('all came', async () => (await textOf(page, 'received')) === '37,479');
  await page.keyboard.press('Home');
  await stateIs(page, 'playing');
  await page.click('.replay button >> text=Pause');
  await stateIs(page, 'paused');
  await page.focus(slider);
  await page.keyboard.press('Home');
  for (let i = 0; i < 100; i++) await page.keyboard.press('ArrowRight');
  await until('the slider says so', async () => {
    return (await page.getAttribute(slider, 'aria-valuetext')) === '1 s of 5 s';
  });
  await until('it is there', async () => (await textOf(page, 'received')) === upTo1s);
  // The link is the state: another tab shows the same moment.
  const link = await linkOf(page);
  expect(new URLSearchParams(link.split('?')[1]).get('at')).toBe('1000000');
  const other = await browse();
  await other.page.goto(link);
  await until('the same', async () => {
    return (await other.page.locator('[data-id="received"]').allInnerTexts())[0] === upTo1s;
  });
  expect([...complaints, ...other.complaints]).toEqual([]);
});

it('shows every view of a replay, and ends it when nobody looks', async () => {
  const service = await start();
  const { page, complaints } = await browse();
  await page.goto(`${service.url}/#/recordings?name=sanafe-loihi&at=1000000`);
  const replays = async () => (await service.metrics()).sum('spikescope_page_replays');
  const tabs = page.locator('nav.parts a');
  await tabs.first().waitFor();
  const titles = await tabs.allInnerTexts();
  expect(titles.length).toBeGreaterThan(8);
  for (const title of titles) {
    await page.click(`nav.parts a >> text="${title}"`);
    await page.waitForSelector(`nav.parts [aria-current] >> text="${title}"`);
    await until(`${title} is shown`, async () => {
      return !(await page.innerText('main')).includes('Waiting for the first');
    });
    expect(await violations(page), title).toEqual([]);
  }
  expect(await replays()).toBe(1);
  await page.keyboard.press('2');
  await page.waitForSelector('nav.views [aria-current="page"] >> text=Raster');
  await until('it has ended', async () => (await replays()) === 0);
  expect(complaints).toEqual([]);
});

it('goes on where it was when the service is back', async () => {
  const first = await start();
  const { page } = await browse();
  await page.goto(`${first.url}/#/recordings?name=sanafe-loihi&at=1000000&show=raster`);
  await stateIs(page, 'paused');
  // That it is there, and what was received until there, is told one after the other.
  const received = await spikesOfFirstSecond('sanafe-loihi');
  await until('all came', async () => (await textOf(page, 'received')) === received);
  await first.stop();
  await page.waitForSelector('[role="alert"] >> text=does not answer');
  const again = await start({}, new URL(first.url).host);
  const replays = async () => (await again.metrics()).sum('spikescope_page_replays');
  await until('it replays again', async () => (await replays()) === 1);
  await until('it is where it was', async () => (await textOf(page, 'received')) === received);
  await until('and says so', async () => (await textOf(page, 'replay-time')) === '1 s of 1.5 s');
});

it('shows hostile names as text, and says what is wrong with a recording', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spikescope-recordings-'));
  open.push(async () => rmSync(folder, { recursive: true }));
  const name = '<img src=x onerror=window.hacked=1>.csv';
  writeFileSync(join(folder, name), 'time_ms,neuron\n1,0\n2,1\n30,0\n');
  writeFileSync(join(folder, 'nothing.bin'), 'no recording');
  const service = await start({ SPIKESCOPE_HTTP_RECORDINGS: folder });
  const { page, complaints } = await browse();
  await showView(page, service.url, 'recordings');
  await page.click('td a >> text=<img');
  await until('it came', async () => {
    return (await page.locator('[data-id="received"]').allInnerTexts())[0] === '3';
  });
  expect(await page.innerText('h2 >> nth=0')).toContain(name);
  await page.click('text=All recordings');
  await page.click('td a >> text=nothing.bin');
  await page.waitForSelector('.state.bad >> text=nothing.bin');
  expect(await violations(page)).toEqual([]);
  await page.goto(`${service.url}/#/recordings?name=${encodeURIComponent('../../package.json')}`);
  await page.waitForSelector('[role="alert"] >> text=there is no recording');
  expect(await page.evaluate('window.hacked')).toBeUndefined();
  // The browser itself writes a line for an answer 404.
  expect(complaints.filter((line) => !line.includes('404'))).toEqual([]);
});
