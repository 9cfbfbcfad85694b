const TOKEN = /^[^\s.*>]+$/;

/** Tokens of a NATS subject pattern: `*` stands for one token, `>` at the end for one or more. */
export function patternTokens(pattern: string): readonly string[] | undefined {
  const tokens = pattern.split('.');
  const areFine = tokens.every((token, i) => {
    return token === '*' || (token === '>' && i === tokens.length - 1) || TOKEN.test(token);
  });
  return areFine ? tokens : undefined;
}

/** Whether a subject is one of a pattern's. */
export function matchesPattern(pattern: string, subject: string): boolean {
  return overlap(pattern.split('.'), subject.split('.'));
}

/** Whether some subject is one of both patterns'. */
export function patternsOverlap(a: string, b: string): boolean {
  return overlap(a.split('.'), b.split('.'));
}

function overlap(a: readonly string[], b: readonly string[]): boolean {
  for (let i = 0; i < a.length && i < b.length; i++) {
    if (a[i] === '>' || b[i] === '>') return true;
    if (a[i] !== b[i] && a[i] !== '*' && b[i] !== '*') return false;
  }
  return a.length === b.length;
}
