import { describe, expect, test } from 'vitest';
import { BenchUsageError, parseBench } from '../../bench/command-line.ts';
import { PARTS } from '../../bench/parts.ts';
import { WORKLOADS, workloadsNamed } from '../../bench/peers/workloads.ts';

const KNOWN = ['quick', 'nats', 'nab'];
const parse = (...args: string[]) => parseBench(args, KNOWN);

describe('npm run bench', () => {
  test('is quick where nothing is named, and writes no document', () => {
    expect(parse()).toMatchObject({ parts: ['quick'], write: false, peers: undefined });
    expect(Object.keys(PARTS)[0]).toBe('quick');
  });

  test('runs what is named, in its own order', () => {
    expect(parse('nab', 'nats', '--write')).toMatchObject({ parts: ['nats', 'nab'], write: true });
    expect(parse('--nab', 'there').parts).toEqual(['nab']);
  });

  test('--peers runs five rounds and writes its sections', () => {
    const { peers } = parse('--peers');
    expect(peers).toEqual({ rounds: 5, seconds: 1.2, minutes: 12, only: [], write: true });
    const some = parse('--peers', '--rounds', '2', '--only', 'one,batched', '--no-write').peers;
    expect(some).toEqual({
      rounds: 2,
      seconds: 1.2,
      minutes: 12,
      only: ['one', 'batched'],
      write: false,
    });
  });

  test.each([
    [['nat'], 'no part is called nat; there are: quick, nats, nab'],
    [['--rounds', '0'], '--rounds needs a number above 0, not 0'],
    [['--away', 'x'], '--away needs a number above 0'],
    [['--peers', 'nats'], '--peers runs no parts'],
    [['--only', 'one'], '--only names workloads of --peers'],
    [['--round', '3'], '--round'],
  ])('refuses %j', (args, message) => {
    expect(() => parse(...args)).toThrow(BenchUsageError);
    expect(() => parse(...args)).toThrow(message);
  });
});

test('workloads are named, and a wrong name is answered with the right ones', () => {
  expect(workloadsNamed([]).every(({ needsElasticsearch }) => needsElasticsearch !== true)).toBe(
    true,
  );
  expect(workloadsNamed(['documents']).map(({ name }) => name)).toEqual(['documents']);
  expect(() => workloadsNamed(['two'])).toThrow(WORKLOADS.map(({ name }) => name).join(', '));
});
