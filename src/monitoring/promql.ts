/** A selector in an expression: `name{label="…"}[range]`. */
export interface Selector {
  readonly name: string;
  /** Labels that its braces name. */
  readonly labels: readonly string[];
  readonly isRange: boolean;
  /** The innermost function or aggregation that it is an argument of. */
  readonly within: string | undefined;
}

export interface ReadExpression {
  readonly selectors: readonly Selector[];
  /** Labels of by, without, on, ignoring, group_left and group_right. */
  readonly grouping: readonly string[];
}

const WORDS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'atan2', 'inf', 'nan']);
const GROUPING = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);
const TOKEN =
  /\s+|#[^\n]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[A-Za-z_:][A-Za-z0-9_:]*|(?:\d+(?:ms|[smhdwy]))+|\$[a-z_]+|[\d.]+(?:e[+-]?\d+)?|[=!]~|[=!<>]=|./gy;

/**
 * Reads which series an expression names. It knows no more of PromQL than that takes; promtool has
 * the last word on the rest.
 */
export function readExpression(expression: string): ReadExpression {
  const tokens = [...expression.matchAll(TOKEN)]
    .map(([token]) => token)
    .filter((token) => !/^(\s|#)/.test(token));
  const selectors: Selector[] = [];
  const grouping: string[] = [];
  const open: (string | undefined)[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as string;
    if (token === '(') open.push(undefined);
    else if (token === ')') open.pop();
    else if (!/^[A-Za-z_:]/.test(token) || WORDS.has(token.toLowerCase())) continue;
    else if (GROUPING.has(token)) {
      const end = tokens[i + 1] === '(' ? tokens.indexOf(')', i) : i;
      grouping.push(...tokens.slice(i + 1, end).filter((each) => /^[A-Za-z_]/.test(each)));
      i = end;
      // `sum by (x) (…)`: what follows is the argument of the aggregation before.
      const before = tokens.slice(0, i).lastIndexOf(token) - 1;
      if (tokens[i + 1] === '(' && (token === 'by' || token === 'without')) {
        open.push(tokens[before]);
        i++;
      }
    } else if (tokens[i + 1] === '(') {
      open.push(token);
      i++;
    } else if (GROUPING.has(tokens[i + 1] ?? '')) continue;
    else {
      const end = tokens[i + 1] === '{' ? tokens.indexOf('}', i) : i;
      const labels = tokens.slice(i + 2, end).filter((each) => /^[A-Za-z_]/.test(each));
      const within = open.findLast((each) => each !== undefined);
      selectors.push({ name: token, labels, isRange: tokens[end + 1] === '[', within });
      i = end;
    }
  }
  return { selectors, grouping };
}
