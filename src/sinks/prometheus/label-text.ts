const CHARS_MAX = 128;

/** What may not stand in a label: control characters, and halves of surrogate pairs. */
const UNFIT = /\p{Cc}|\p{Surrogate}/gu;

/** A label value as it may leave the program: no control characters, bounded. */
export function fitLabel(text: string): string {
  const fit = text.replace(UNFIT, '\ufffd');
  return fit.length <= CHARS_MAX ? fit : fit.slice(0, CHARS_MAX);
}

/** `a="x",b="y"` in the text format, escaped. */
export function labelText(names: readonly string[], values: readonly string[]): string {
  return names.map((name, i) => `${name}="${escapeLabel(values[i] as string)}"`).join(',');
}

function escapeLabel(text: string): string {
  return text.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));
}

export function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/** A sample value in the text format. */
export function valueText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}
