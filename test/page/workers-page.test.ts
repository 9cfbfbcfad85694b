import { afterEach, expect, it } from 'vitest';
import { until } from '../integration/until.ts';
import { WorkerLab } from '../integration/worker-lab.ts';
import { openBrowser, showView, violations } from './browser.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

it("leads from any worker's page to those of the others, which show other chips", async () => {
  const lab = await WorkerLab.open(4);
  const [one, two] = [await lab.worker(), await lab.worker()];
  const browser = await openBrowser();
  open.push(browser.close);
  const { page, complaints } = browser;
  await until('each has some', async () => {
    const seen = await Promise.all([one.metrics(), two.metrics()]);
    return seen.every((metrics) => (metrics.value('spikescope_partitions_owned') ?? 0) >= 2);
  });
  await showView(page, one.url, 'topology');
  const link = page.locator(`[data-id="partitions"] a[href="${two.url}"]`);
  await link.waitFor();
  const own = page.locator('[data-id="partitions"] td:has-text("(this one)")').first();
  const [name, other] = [await own.innerText(), await link.innerText()];
  expect(name).not.toContain(other);
  expect(await violations(page)).toEqual([]);
  await link.click();
  await page.waitForURL(`${two.url}/**`);
  await showView(page, two.url, 'topology');
  await page.waitForSelector(`[data-id="partitions"] td:has-text("${other} (this one)")`);
  expect(complaints).toEqual([]);
});
