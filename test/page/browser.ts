import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { serviceBinary } from '../../scripts/services/service-binary.ts';
import { until } from '../integration/until.ts';

const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];
/** Only what hangs is to be ended, as elsewhere. */
const WAIT_MS_MAX = 120_000;
const OUT = join(import.meta.dirname, '../out');
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface BrowserOptions {
  readonly dark?: boolean;
  readonly width?: number;
  readonly height?: number;
}

/** A real Chromium with a profile of its own, and all that it complains of. */
export interface Browser {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of the console and of scripts, which violations of the policy are among. */
  readonly complaints: string[];
  close(): Promise<void>;
}

export async function openBrowser(options: BrowserOptions = {}): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'spikescope-chromium-'));
  const { dark = false, width = 1280, height = 860 } = options;
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: serviceBinary('chromium'),
    headless: true,
    args: FLAGS,
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
  });
  context.setDefaultTimeout(WAIT_MS_MAX);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error.stack)));
  return {
    ...{ page, context, complaints },
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** What axe finds wrong with the page as it is, one line a fault. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = (await page.evaluate('axe.run()')) as {
    violations: { id: string; help: string; nodes: { html: string }[] }[];
  };
  return found.violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0]?.html}`);
}

/** The address as the page itself knows it: what Playwright knows of it comes a little later. */
export async function linkOf(page: Page): Promise<string> {
  return (await page.evaluate('location.href')) as string;
}

/** Keeps a picture in test/out/, for those who look at what CI saw. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  mkdirSync(OUT, { recursive: true });
  await page.screenshot({ path: join(OUT, `page-${name}.png`) });
}

export const VIEWS = [
  ...['overview', 'raster', 'rates', 'power', 'cores', 'incidents', 'logs', 'conversions'],
  ...['topology', 'membrane', 'benchmarks', 'recordings'],
];

/** The view is there, and has something to show or says that there is nothing. */
export async function showView(page: Page, url: string, view: string): Promise<void> {
  await page.goto(`${url}/#/${view}`);
  await page.waitForSelector('nav [aria-current="page"]');
  // The page's own policy forbids what waits inside of it, so it is asked again and again.
  await until(`${view} is shown`, async () => (await page.evaluate(isShown(view))) === true);
}

function isShown(view: string): string {
  return `(() => {
    const text = document.querySelector('main')?.innerText ?? '';
    const current = document.querySelector('nav [aria-current]')?.getAttribute('href');
    return current === '#/${view}' && text.length > 20 && !text.includes('Waiting for the first');
  })()`;
}
