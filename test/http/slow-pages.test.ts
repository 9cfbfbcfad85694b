import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createHttpServer } from '../../src/http/server.ts';
import { HTTP_OPTIONS } from './http-options.ts';

/** Longer than a connection may be silent elsewhere, which is ten seconds. */
const MAKING_MS = 12_000;

it('waits for pages that take long to make, though nothing is said meanwhile', async () => {
  const slow = async () => {
    await sleep(MAKING_MS);
    return { html: '<p>made', json: '{}\n' };
  };
  const server = await createHttpServer({
    ...HTTP_OPTIONS,
    reports: { report: slow, close: async () => {} },
    comparisons: { comparison: slow },
  });
  try {
    const paths = ['reports/a', 'comparisons?a=a&b=b', 'comparisons?a=a&b=b&format=json'];
    const texts = paths.map(async (path) => (await fetch(`${server.url}/api/${path}`)).text());
    expect(await Promise.all(texts)).toEqual(['<p>made', '<p>made', '{}\n']);
  } finally {
    await server.close();
  }
});
