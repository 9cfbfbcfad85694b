import { expect, it } from 'vitest';
import { ParameterError, rangeBefore, timeRange } from '../../../src/analysis/logs/time-range.ts';

const NOW_MS = Date.parse('2026-11-25T08:00:00Z');
const HOUR_MS = 3_600_000;

it.each([
  [{}, NOW_MS - HOUR_MS, NOW_MS + 1],
  [{ since: '30d' }, NOW_MS - 720 * HOUR_MS, NOW_MS + 1],
  [{ since: '2h', until: '1h' }, NOW_MS - 2 * HOUR_MS, NOW_MS - HOUR_MS],
  [{ since: '2026-11-25' }, NOW_MS - 8 * HOUR_MS, NOW_MS + 1],
  [{ since: '2026-11-25T08:00:00+01:00' }, NOW_MS - HOUR_MS, NOW_MS + 1],
  [{ since: '2026-11-25T07:59:59.5Z' }, NOW_MS - 500, NOW_MS + 1],
  [{ until: '2030-01-01' }, NOW_MS - HOUR_MS, Date.parse('2030-01-01')],
])('%j is a range', (given, fromMs, toMs) => {
  expect(timeRange(given, NOW_MS)).toEqual({ fromMs, toMs });
});

it.each([
  [{ since: 'yesterday' }, 'since', /a time ago such as 1h.*got "yesterday"/],
  [{ since: '' }, 'since', /got ""/],
  [{ since: '-1h' }, 'since', /got "-1h"/],
  [{ since: '2026-13-01' }, 'since', /got "2026-13-01"/],
  [{ since: '2026-11-25T08:00' }, 'since', /got/],
  [{ since: '99999999h' }, 'since', /got/],
  [{ until: '1' }, 'until', /got "1"/],
  [{ since: '1h', until: '2h' }, 'since', /before the end/],
  [{ since: '1h', until: '1h' }, 'since', /before the end/],
])('%j is none, and the error names the parameter', (given, parameter, text) => {
  const error = (() => {
    try {
      return timeRange(given, NOW_MS);
    } catch (thrown) {
      return thrown;
    }
  })();
  expect(error).toBeInstanceOf(ParameterError);
  expect(error).toMatchObject({ parameter, message: expect.stringMatching(text) });
});

it('the range before is as long and ends where it begins, and not before 1970', () => {
  expect(rangeBefore({ fromMs: 5000, toMs: 6000 })).toEqual({ fromMs: 4000, toMs: 5000 });
  expect(rangeBefore({ fromMs: 500, toMs: 6000 })).toEqual({ fromMs: 0, toMs: 500 });
});
