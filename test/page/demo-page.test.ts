import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPageFiles } from '../../src/http/page-files.ts';
import { type ServiceProcess, startService } from '../integration/service-process.ts';
import { until } from '../integration/until.ts';
import {
  type Browser,
  keepPicture,
  linkOf,
  openBrowser,
  showView,
  VIEWS,
  violations,
} from './browser.ts';

/** The page of `npm start` in a real browser. */
let demo: ServiceProcess;
beforeAll(async () => {
  demo = await startService(['demo', '--http', '127.0.0.1:0']);
  await demo.until('windows have closed', (seen) => seen.sum('spike_rate_hz_count') > 0);
});
afterAll(async () => expect(await demo.stop()).toBe(0));

describe.each([
  ['light', {}],
  ['dark', { dark: true }],
  ['phone', { width: 390, height: 844 }],
] as const)('%s', (name, options) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser(options);
  });
  afterAll(() => browser.close());

  it.each(VIEWS)(
    '%s: is shown, without a complaint, by the rules of accessibility',
    async (view) => {
      const { page, complaints } = browser;
      await showView(page, demo.url, view);
      await keepPicture(page, `${name}-${view}`);
      expect(await violations(page)).toEqual([]);
      const width = 'document.documentElement.scrollWidth - innerWidth';
      expect(await page.evaluate(width), 'nothing is wider than the window').toBeLessThanOrEqual(0);
      expect(complaints).toEqual([]);
    },
  );
});

it('is used by keyboard alone', async () => {
  const { page, complaints, close } = await openBrowser();
  try {
    await showView(page, demo.url, 'overview');
    await page.keyboard.press('2');
    await page.waitForSelector('.raster canvas');
    await page.focus('body');
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate('document.activeElement.tagName')) === 'CANVAS') break;
    }
    expect(await page.evaluate('document.activeElement.tagName')).toBe('CANVAS');
    await page.keyboard.press('+');
    await page.keyboard.press(' ');
    await page.keyboard.press('ArrowLeft');
    const query = new URLSearchParams((await linkOf(page)).split('?')[1]);
    expect(query.get('span')).toBe('5');
    const endUs = Number(query.get('end'));
    expect(endUs).toBeGreaterThan(1e15);
    // The link is the state: another tab shows the same stretch.
    const link = await linkOf(page);
    await page.goto('about:blank');
    await page.goto(link);
    await page.waitForSelector('button[aria-pressed="true"]');
    expect(await linkOf(page)).toBe(link);
    await page.focus('.raster canvas');
    await page.keyboard.press('End');
    expect(await linkOf(page)).not.toContain('end=');
    await page.keyboard.press('Shift+Tab');
    expect(complaints).toEqual([]);
  } finally {
    await close();
  }
});

it('lets Tab reach all that can be used, in every view, and Enter open it', async () => {
  const { page, complaints, close } = await openBrowser();
  try {
    await showView(page, demo.url, 'overview');
    for (const view of VIEWS) {
      // From the top: a skip link, and then what leads to the view.
      await page.reload();
      await page.waitForSelector('nav.views a[aria-current="page"]');
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe('To the content');
      const at = `document.activeElement.getAttribute('href') === '#/${view}'`;
      for (let i = 0; i < 30 && !(await page.evaluate(at)); i++) await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.waitForSelector(`nav.views a[aria-current="page"][href="#/${view}"]`);
      await until(`${view} is shown`, async () => {
        return !(await page.innerText('main')).includes('Waiting for the first');
      });
      // Rows may come and go meanwhile: it goes round until all that are there had the focus.
      let left = (await page.evaluate(LEFT)) as string[];
      for (let i = 2 * left.length + 200; i > 0 && left.length > 0; i--) {
        await page.keyboard.press('Tab');
        left = (await page.evaluate(LEFT)) as string[];
      }
      expect(left, view).toEqual([]);
    }
    expect(complaints).toEqual([]);
  } finally {
    await close();
  }
});

/** Marks what has the focus; gives what a mouse can use in this view and never had it. */
const LEFT = `(() => {
  document.activeElement.reached = true;
  return [...document.querySelectorAll('main a[href], main button, main select, main input')]
    .filter((each) => each.getClientRects().length > 0 && !each.reached)
    .map((each) => each.outerHTML.slice(0, 200));
})()`;

it('needs less than 150 kB of JavaScript', () => {
  const scripts = [...readPageFiles()].filter(([path]) => path.endsWith('.js'));
  expect(scripts.length).toBeGreaterThan(15);
  const bytes = scripts.reduce((sum, [, { gzip }]) => sum + gzip.length, 0);
  expect(bytes).toBeLessThan(150_000);
});
