/**
 * Prints `N passed, N failed` from Vitest's JSON results: `node scripts/print-tally.ts FILE
 * STATUS`. A file that could not be loaded has no tests, so it counts as one that failed; and so
 * does a run that ended badly though no test of it failed (an error outside of any test).
 */
import { readFileSync } from 'node:fs';

interface Results {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

function readResults(path: string): Results {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Results;
  } catch {
    // The run ended before there were any.
    return { numPassedTests: 0, numFailedTests: 0, testResults: [] };
  }
}

const [path = '', status = '0'] = process.argv.slice(2);
const { numPassedTests, numFailedTests, testResults } = readResults(path);
const filesFailed = testResults.filter(
  (file) =>
    file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
).length;
const failed = numFailedTests + filesFailed;
console.log(`${numPassedTests} passed, ${failed === 0 && status !== '0' ? 1 : failed} failed`);
