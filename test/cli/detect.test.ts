import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { wave } from '../detectors/series.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spikescope-detect-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function detect(text: string, args: readonly string[] = [], input?: string) {
  const path = join(folder, 'series.csv');
  writeFileSync(path, text);
  const file = input === undefined ? path : '-';
  const all = ['src/cli/main.ts', 'detect', file, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { encoding: 'utf8', input });
  return { status, lines: stdout.split('\n').slice(0, -1), stderr };
}

describe('spikescope detect', () => {
  test('writes a row for each row, timestamps as they are, with BOM, CR LF and quotes', () => {
    const text =
      '\ufefftimestamp,value\r\n"2014-04-01 00:00:00",1\r\n2014-04-01T00:05:00Z,"2.5"\r\n';
    const { status, lines } = detect(text);
    expect(status).toBe(0);
    expect(lines).toEqual([
      'timestamp,value,anomaly_score',
      '"2014-04-01 00:00:00",1,0',
      '2014-04-01T00:05:00Z,"2.5",0',
    ]);
  });

  test('finds columns by name wherever they stand, and takes two without a header', () => {
    expect(detect('x,value,timestamp\nq,7,100\n').lines[1]).toBe('100,7,0');
    expect(detect('100,7\n101,8\n').lines.slice(1)).toEqual(['100,7,0', '101,8,0']);
  });

  test('a spike that never came before has the largest score', () => {
    const rows = wave(1500).map((value, i) => `${i},${i === 1300 ? 900 : value}`);
    const { lines } = detect(`timestamp,value\n${rows.join('\n')}\n`, ['--set', 'baseline=200']);
    const scores = lines.slice(1).map((line) => Number(line.split(',')[2]));
    expect(scores).toHaveLength(1500);
    const at = scores.indexOf(Math.max(...scores.slice(300)));
    expect(at).toBeGreaterThanOrEqual(1300);
    expect(at).toBeLessThan(1310);
  });

  test('rows without a value have no score; times that go back are told of', () => {
    const { status, lines, stderr } = detect('timestamp,value\n3,1\n2,\n4,NaN\n');
    expect(status).toBe(0);
    expect(lines.slice(1)).toEqual(['3,1,0', '2,,', '4,NaN,']);
    expect(stderr).toContain('2 rows have no value');
    expect(stderr).toContain('1 rows are earlier');
  });

  test('reads stdin', () => {
    const { lines } = detect('', [], 'timestamp,value\n1,2\n');
    expect(lines).toEqual(['timestamp,value,anomaly_score', '1,2,0']);
  });

  test.each([
    [
      'timestamp,value\n1,2\n2,abc\n',
      'line 3: field value: needs a finite number or nothing, got "abc"',
    ],
    ['timestamp,value\n1,Infinity\n', 'got "Infinity"'],
    ['timestamp,value\nsoon,2\n', 'line 2: field timestamp: needs an ISO 8601 time'],
    ['timestamp,value\n1\n', 'line 2: field value: column 2 is missing'],
    ['timestamp,value\n', 'no rows'],
  ])('a bad file fails with its place: %j', (text, message) => {
    const { status, stderr } = detect(text);
    expect(status).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).toContain('series.csv');
  });

  test.each([
    [['--detector', 'neerest'], 'did you mean nearest?'],
    [['--set', 'baseline=2'], 'baseline'],
    [['--set', 'baselin=200'], 'baselin'],
    [['--set', 'baseline'], 'needs option=value'],
  ])('bad usage ends with 2: %j', (args, message) => {
    const { status, stderr } = detect('1,2\n', args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });

  test('a file that is not there is named', () => {
    const all = ['src/cli/main.ts', 'detect', '/nowhere.csv'];
    const { status, stderr } = spawnSync(process.execPath, all, { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain('/nowhere.csv');
  });
});
