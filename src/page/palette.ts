/**
 * Okabe and Ito's colours, which the colour-blind can tell apart, each as it reads on a light and
 * on a dark ground. Whatever they tell stands beside them as text too.
 */
const COLOURS: readonly (readonly [light: string, dark: string])[] = [
  ['#0072b2', '#56b4e9'],
  ['#b84a00', '#ff8b3d'],
  ['#007a5a', '#2fc79b'],
  ['#a3437f', '#e39ac3'],
  ['#8a6a00', '#f0e442'],
  ['#333f48', '#c9d4dc'],
];

/** How lines of the same colour differ. */
const DASHES: readonly (readonly number[])[] = [[], [6, 3], [2, 3], [8, 3, 2, 3]];

export function isDark(): boolean {
  const { theme } = document.documentElement.dataset;
  if (theme !== undefined) return theme === 'dark';
  return matchMedia('(prefers-color-scheme: dark)').matches;
}

export function colourOf(index: number): string {
  const pair = COLOURS[index % COLOURS.length] as readonly [string, string];
  return isDark() ? pair[1] : pair[0];
}

/** A dash of a series past those that have a colour of their own. */
export function dashOf(index: number): number[] {
  return [...(DASHES[Math.floor(index / COLOURS.length) % DASHES.length] as readonly number[])];
}

/** The red, green and blue of a colour of six digits. */
export function rgb(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** A colour of a scale from 0 to 1 that gets steadily lighter (cividis). */
const CIVIDIS = ['#00224e', '#2a3f6d', '#575d6d', '#7d7c78', '#a69d75', '#d3c164', '#fee838'];

export function scaleColour(share: number): { back: string; text: string } {
  const at = Math.min(1, Math.max(0, share)) * (CIVIDIS.length - 1);
  const low = rgb(CIVIDIS[Math.floor(at)] as string);
  const high = rgb(CIVIDIS[Math.ceil(at)] as string);
  const mixed = low.map((value, i) => Math.round(value + ((high[i] as number) - value) * (at % 1)));
  return { back: `rgb(${mixed.join(' ')})`, text: share > 0.55 ? '#000000' : '#ffffff' };
}

/** A colour that the style sheet names. */
export function cssColour(name: string): string {
  const probe = document.createElement('i');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
