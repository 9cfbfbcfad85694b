import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { MONITORING, promtool } from './tools.ts';

const FOLDER = join(MONITORING, 'prometheus');
const ALERTS = join(FOLDER, 'rules/alerts.yml');
const TESTS = join(FOLDER, 'rules.test.yml');

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: Readonly<Record<string, string>>;
}

interface TestFile {
  readonly tests: readonly {
    readonly name: string;
    readonly alert_rule_test?: readonly {
      readonly alertname: string;
      readonly exp_alerts: readonly unknown[];
    }[];
  }[];
}

const alerts = (parse(readFileSync(ALERTS, 'utf8')) as RuleFile).groups.flatMap(
  ({ rules }) => rules,
);
const tests = parse(readFileSync(TESTS, 'utf8')) as TestFile;

it('loads: promtool check rules, check config', async () => {
  const rules = await promtool('check', 'rules', '--lint=all', '--lint-fatal', ALERTS);
  expect(rules).toContain(`SUCCESS: ${alerts.length} rules found`);
  expect(
    await promtool('check', 'rules', '--lint-fatal', join(FOLDER, 'rules/recorded.yml')),
  ).toContain('SUCCESS');
  const config = join(FOLDER, 'prometheus.yml');
  expect(await promtool('check', 'config', '--syntax-only', config)).toContain('SUCCESS');
});

it('has a firing and a quiet case for every alert, and texts that say all', () => {
  expect(alerts.length).toBeGreaterThan(20);
  const counts = (alert: string) =>
    tests.tests
      .flatMap((each) => each.alert_rule_test ?? [])
      .filter(({ alertname }) => alertname === alert)
      .map(({ exp_alerts }) => exp_alerts.length)
      .sort();
  for (const { alert, annotations } of alerts) {
    expect(counts(alert), alert).toEqual([0, 1]);
    expect(Object.keys(annotations).sort(), alert).toEqual([
      'dashboard_url',
      'description',
      'runbook_url',
      'summary',
    ]);
  }
});

it('fires where it should and keeps quiet where it should: promtool test rules', async () => {
  expect(await promtool('test', 'rules', TESTS)).toContain('SUCCESS');
});

it('fails where an alert fires that should be quiet', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spikescope-rules-'));
  try {
    const text = readFileSync(TESTS, 'utf8').replaceAll('- rules/', `- ${FOLDER}/rules/`);
    const quiet = (parse(text) as TestFile).tests.find(
      ({ name }) => name === 'HardwareDisconnected fires',
    );
    for (const each of quiet?.alert_rule_test ?? []) Object.assign(each, { exp_alerts: [] });
    const file = join(folder, 'wrong.yml');
    const head = parse(text) as object;
    await writeFile(file, JSON.stringify({ ...head, tests: [quiet] }));
    await expect(promtool('test', 'rules', file)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('FAILED') as string,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
