import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startService } from '../integration/service-process.ts';
import { keepPicture, openBrowser, showView, violations } from './browser.ts';

const NAMES = ['nest-layered-linkdrop', 'nest-layered-dead'] as const;

it('compares two recordings that are chosen by keyboard, on a page of their own', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spikescope-compared-'));
  for (const name of NAMES) {
    cpSync(join('fixtures/recordings', name), join(folder, name), { recursive: true });
  }
  const variables = { SPIKESCOPE_HTTP_RECORDINGS: folder };
  const service = await startService(['demo', '--http', '127.0.0.1:0'], variables);
  const { page, context, complaints, close } = await openBrowser();
  try {
    await showView(page, service.url, 'recordings');
    await page.waitForSelector('td a >> text=nest-layered-dead');
    expect(await page.locator('#compared-names option').count()).toBe(2);
    await page.getByLabel('What to compare with').focus();
    await page.keyboard.type(NAMES[0]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Tab');
    await page.keyboard.type(NAMES[1]);
    await page.keyboard.press('Escape');
    await keepPicture(page, 'compare-form');
    expect(await violations(page)).toEqual([]);
    const opened = context.waitForEvent('page');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const compared = await opened;
    compared.on('console', (message) => complaints.push(message.text()));
    await compared.waitForSelector('h1');
    const { pathname, search } = new URL(compared.url());
    expect(pathname + search).toBe(`/api/comparisons?a=${NAMES[0]}&b=${NAMES[1]}`);
    await keepPicture(compared, 'comparison');
    const pictures = 'document.querySelectorAll("svg[role=img][aria-label]").length';
    const tests = 'JSON.parse(document.getElementById("comparison").textContent).tests.length';
    expect(await compared.content()).not.toMatch(/<script(?! type="application\/json")/);
    // Its own policy lets no script run in it, so axe looks at the same text where none holds.
    const html = await (await fetch(compared.url())).text();
    await compared.close();
    await page.goto('about:blank');
    await page.setContent(html);
    expect(await page.evaluate(tests)).toBeGreaterThan(0);
    expect(await page.evaluate(pictures)).toBe(await page.evaluate(tests));
    expect(await violations(page)).toEqual([]);
    expect(complaints).toEqual([]);
  } finally {
    await close();
    await service.stop();
    rmSync(folder, { recursive: true });
  }
});
