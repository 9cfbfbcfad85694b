import type { Comparison, NumberResult, TestResult } from '../../analysis/compare/result.ts';
import { badge, note } from '../blocks.ts';
import { type Child, fragment, type Markup } from '../markup.ts';
import { table } from '../table.ts';
import { exact, shown } from '../values.ts';

/** Rows of a table at most: those that matter most. */
const ROWS_MAX = 1500;

const TEST_NAMES: Readonly<Record<TestResult['test'], string>> = {
  mann_whitney: 'Mann–Whitney',
  wilcoxon_signed_rank: 'Wilcoxon',
  kolmogorov_smirnov: 'Kolmogorov–Smirnov',
};
const EFFECT_NAMES: Readonly<Record<TestResult['effect'], string>> = {
  cliffs_delta: 'Cliff’s δ',
  rank_biserial: 'r',
  ks_distance: 'D',
};

export function testTable({ tests }: Comparison): Markup {
  if (tests.length === 0) return note('Nothing in both that a test could compare.');
  const rows = [...tests]
    .sort((x, y) => Number(y.different) - Number(x.different))
    .slice(0, ROWS_MAX)
    .map((test): Child[] => [
      test.layer,
      test.quantity,
      test.different ? badge('warn', 'different') : '',
      exact(test.median_a),
      exact(test.median_b),
      TEST_NAMES[test.test],
      [EFFECT_NAMES[test.effect], ' ', exact(test.effect_size)],
      exact(test.p_value),
      exact(test.p_adjusted),
      `${shown(test.n_a)} / ${shown(test.n_b)}`,
    ]);
  return table({
    caption: 'Tests of each layer; p adjusted is for fewer neurons and all tests together',
    titles: [
      ...['layer', 'quantity', 'verdict', 'median a', 'median b', 'test', 'effect', 'p'],
      ...['p adjusted', 'neurons'],
    ],
    rows,
    textColumns: [1, 2, 5],
  });
}

/** Those beyond their limit first, then by how much they changed. */
export function numberTable({ numbers }: Comparison): Markup {
  const changed = numbers.filter(({ difference, exceeds }) => exceeds || difference !== 0);
  const size = ({ exceeds, relative, difference }: NumberResult): number =>
    exceeds ? Number.MAX_VALUE : Math.abs(relative ?? difference ?? 0);
  const kept = changed.sort((x, y) => size(y) - size(x)).slice(0, ROWS_MAX);
  if (kept.length === 0) return note('All numbers of both are the same.');
  const rows = kept.map((number): Child[] => [
    number.path,
    number.exceeds ? badge('bad', 'beyond') : '',
    exact(number.a),
    exact(number.b),
    exact(number.difference),
    number.relative === null ? '–' : exact(number.relative, percent(number.relative)),
    limitText(number),
  ]);
  const same = numbers.length - changed.length;
  const left = changed.length - kept.length;
  return fragment(
    table({
      caption: 'Numbers that differ, those beyond their limit and the greatest changes first',
      titles: ['number', 'limit', 'a', 'b', 'b − a', 'change', 'allowed'],
      rows,
      textColumns: [1],
    }),
    note(`${shown(same)} are the same.${left > 0 ? ` ${shown(left)} more differ by less.` : ''}`),
  );
}

function percent(share: number): string {
  return `${share > 0 ? '+' : ''}${shown(share * 100)} %`;
}

function limitText({ limit }: NumberResult): string {
  if (limit === undefined) return '';
  const { relative, absolute } = limit;
  const parts = [
    relative === undefined ? [] : [`${shown(relative * 100)} %`],
    absolute === undefined ? [] : [shown(absolute)],
  ];
  return parts.flat().join(' and ');
}
