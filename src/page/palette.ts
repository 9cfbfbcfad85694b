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

/** A colour that the style sheet names. */
export function cssColour(name: string): string {
  const probe = document.createElement('i');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
