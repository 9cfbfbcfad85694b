import { INVALID_REASONS } from '../../src/frames/frame-error.ts';

/** Why messages are refused, as a table. */
export function reasonsTable(): string {
  const rows = Object.entries(INVALID_REASONS).map(([code, text]) => `| \`${code}\` | ${text} |`);
  return ['| reason | the message was refused because |', '|---|---|', ...rows].join('\n');
}
