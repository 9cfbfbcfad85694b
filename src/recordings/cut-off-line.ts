import { cellNumber, splitRow, type TextTable } from './text-table.ts';

/**
 * Whether a last line without a line end is the begin of a longer one, judged by the lines before
 * it: fewer cells, fewer decimals than the two before have, or, where the last column is the time,
 * a shorter whole number that would go back. A number cut in its middle is else a number like any.
 */
export function isCutOffLine(
  rest: string,
  before: readonly string[],
  table: TextTable,
  timeIsLast: boolean,
): boolean {
  const previous = before.at(-1);
  if (previous === undefined) return false;
  const { separator, decimal } = table;
  const count = (line: string) =>
    separator === ' ' ? splitRow(line, separator).length : line.split(separator).length;
  if (count(rest) < count(previous)) return true;
  const lastCell = (line: string) => splitRow(line, separator).at(-1) ?? '';
  const places = (cell: string) => {
    const point = cell.indexOf(decimal);
    return point < 0 ? 0 : cell.length - point;
  };
  const last = lastCell(rest);
  const [first, second] = before.slice(-2).map(lastCell);
  if (first !== undefined && second !== undefined && places(second) > 0) {
    return places(first) === places(second) && places(last) < places(second);
  }
  const reference = second ?? first ?? '';
  const isShorter = last.length < reference.length;
  return timeIsLast && isShorter && cellNumber(last, decimal) < cellNumber(reference, decimal);
}
