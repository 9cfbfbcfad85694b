import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Analyzer } from '../../src/analysis/analyzer.ts';
import { Pictures } from '../../src/analysis/pictures/pictures.ts';
import { recordingReport } from '../../src/report/recording/recording-report.ts';
import { infoOf, NO_NOTES, spikesFrame } from '../analysis/spikes-frame.ts';
import { type Ended, runProgram } from '../cli/program.ts';
import { type Browser, keepPicture, openBrowser, violations } from './browser.ts';

/** Reports of recordings of each kind, as a user writes them and in a real browser. */
const RECORDINGS = [
  'demo/sanafe-loihi',
  'recordings/nest-layered-dead',
  'recordings/sanafe-loihi-dvs',
];
const NAMES = RECORDINGS.map((path) => path.split('/')[1] as string);
const folder = mkdtempSync(join(tmpdir(), 'spikescope-report-'));
const fileOf = (name: string) => join(folder, `${name}.html`);
const runs = new Map<string, Ended>();

beforeAll(async () => {
  for (const [i, path] of RECORDINGS.entries()) {
    const name = NAMES[i] as string;
    const args = ['analyze', `fixtures/${path}`, '--json', '--html', fileOf(name)];
    runs.set(name, await runProgram(...args));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each(NAMES)('%s: holds the very object that --json prints', (name) => {
  const { code, stdout, stderr } = runs.get(name) as Ended;
  expect([code, stderr]).toEqual([0, '']);
  const page = readFileSync(fileOf(name), 'utf8');
  const [, json] = /id="analysis">(.*?)<\/script>/.exec(page) ?? [];
  expect(`${JSON.stringify(JSON.parse(json as string))}\n`).toBe(stdout);
});

describe.each([
  ['light', {}],
  ['dark', { dark: true }],
  ['phone', { width: 390, height: 844 }],
] as const)('%s', (look, options) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser(options);
  });
  afterAll(() => browser.close());

  it.each(NAMES)('%s: stands by itself, by the rules of accessibility', async (name) => {
    const { page, complaints } = browser;
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    const url = pathToFileURL(fileOf(name)).href;
    await page.goto(url);
    await keepPicture(page, `report-${look}-${name}`);
    expect(asked.filter((address) => !address.startsWith('data:'))).toEqual([url]);
    expect(await violations(page)).toEqual([]);
    const width = 'document.documentElement.scrollWidth - innerWidth';
    expect(await page.evaluate(width), 'nothing is wider than the window').toBeLessThanOrEqual(0);
    const pictures = 'document.querySelectorAll("svg[role=img][aria-label]").length';
    expect(await page.evaluate(pictures)).toBeGreaterThan(10);
    expect(complaints).toEqual([]);
  });
});

describe('print', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser({ dark: true, width: 720 });
  });
  afterAll(() => browser.close());

  it.each(NAMES)('%s: is light, on several pages, and cuts no picture in two', async (name) => {
    const { page } = browser;
    await page.goto(pathToFileURL(fileOf(name)).href);
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    const style = 'getComputedStyle(document.body).backgroundColor';
    expect(await page.evaluate(style)).toBe('rgb(255, 255, 255)');
    expect(await page.evaluate('getComputedStyle(document.querySelector("nav")).display')).toBe(
      'none',
    );
    const inside = `[...document.querySelectorAll('figure, tr')].every((one) =>
      getComputedStyle(one).breakInside === 'avoid')`;
    expect(await page.evaluate(inside)).toBe(true);
    const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
    const pages = pdf.match(/\/Type \/Page\b/g)?.length ?? 0;
    expect(pages).toBeGreaterThan(2);
    expect(pages).toBeLessThan(20);
    // A4, as the page asks for.
    expect(pdf).toMatch(/\/MediaBox \[0 0 59\d(\.\d+)? 84\d(\.\d+)?\]/);
  });
});

it('lets no name of a recording become a part of the page', async () => {
  const name = '"><img src=x onerror="document.title=1"></script><script>document.title=1</script>';
  const layers = [{ name, neuronType: name, neuronCount: 4, deviceType: name, chipId: name }];
  const info = infoOf({ name, format: name, layers });
  const analyzer = new Analyzer(info, { windowUs: 100_000, listsWindows: false });
  const pictures = new Pictures(info);
  for (const t0 of [0, 100_000, 200_000, 300_000]) {
    const about = { layerName: name, neuronType: name, deviceType: name, chipId: name };
    const frame = spikesFrame(
      t0,
      [
        [0, 3],
        [1, 900],
        [1, 990],
      ],
      about,
    );
    pictures.next(frame, analyzer.next(frame));
  }
  const { analysis } = analyzer.finish(NO_NOTES);
  const { data, frames } = pictures.finish();
  const page = recordingReport({
    ...{ analysis, pictures: data, frames, format: name, startUs: 0, version: name },
    remarks: [name],
  });
  const browser = await openBrowser();
  try {
    await browser.page.setContent(page);
    const elements = await browser.page.evaluate(`[
      document.querySelectorAll('img').length,
      [...document.scripts].map(({ type, id }) => type + ' ' + id).join(),
      document.title,
      document.querySelector('h1').textContent,
      [...document.querySelectorAll('tbody th')].some((th) => th.textContent === document.title),
    ]`);
    const scripts = 'application/json analysis,application/json report';
    expect(elements).toEqual([0, scripts, name, name, true]);
    expect(await violations(browser.page)).toEqual([]);
    expect(browser.complaints).toEqual([]);
  } finally {
    await browser.close();
  }
});
