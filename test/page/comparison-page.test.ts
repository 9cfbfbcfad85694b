import { expect, it } from 'vitest';
import { startService } from '../integration/service-process.ts';
import { keepPicture, openBrowser, showView, violations } from './browser.ts';

it('compares two recordings that are chosen by keyboard, on a page of their own', async () => {
  const service = await startService(['demo', '--http', '127.0.0.1:0']);
  const { page, context, complaints, close } = await openBrowser();
  try {
    await showView(page, service.url, 'recordings');
    await page.waitForSelector('td a >> text=nest-layered');
    expect(await page.locator('#compared-names option').count()).toBeGreaterThan(1);
    await page.getByLabel('What to compare with').focus();
    await page.keyboard.type('nest-layered');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Tab');
    await page.keyboard.type('sanafe-loihi');
    await page.keyboard.press('Escape');
    await keepPicture(page, 'compare-form');
    expect(await violations(page)).toEqual([]);
    const opened = context.waitForEvent('page');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const compared = await opened;
    compared.on('console', (message) => complaints.push(message.text()));
    await compared.waitForSelector('h1 >> text=/^nest-layered.* and sanafe-loihi/', {
      timeout: 60_000,
    });
    const { pathname, search } = new URL(compared.url());
    expect(pathname + search).toBe('/api/comparisons?a=nest-layered&b=sanafe-loihi');
    await keepPicture(compared, 'comparison');
    const pictures = 'document.querySelectorAll("svg[role=img][aria-label]").length';
    const tests = 'JSON.parse(document.getElementById("comparison").textContent).tests.length';
    expect(await evaluated(compared.content())).toEqual({ scripts: 0 });
    // Its own policy lets no script run in it, so axe looks at the same text where none holds.
    const html = await (await fetch(compared.url())).text();
    await compared.close();
    await page.setContent(html);
    expect(await page.evaluate(pictures)).toBe(await page.evaluate(tests));
    expect(await violations(page)).toEqual([]);
    expect(complaints).toEqual([]);
  } finally {
    await close();
    await service.stop();
  }
}, 120_000);

/** Scripts that would run. */
async function evaluated(content: Promise<string>): Promise<{ scripts: number }> {
  const scripts = (await content).match(/<script(?! type="application\/json")/g) ?? [];
  return { scripts: scripts.length };
}
