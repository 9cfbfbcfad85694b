/**
 * The live page's colours of series (Okabe and Ito), as they read on a light and on a dark ground.
 * The page is served to browsers by itself, so that they stand here again; a test compares both.
 */
export const COLOURS: readonly (readonly [light: string, dark: string])[] = [
  ['#0072b2', '#56b4e9'],
  ['#b84a00', '#ff8b3d'],
  ['#007a5a', '#2fc79b'],
  ['#a3437f', '#e39ac3'],
  ['#8a6a00', '#f0e442'],
  ['#333f48', '#c9d4dc'],
];

/** How lines of the same colour differ. */
const DASHES: readonly string[] = ['', '6 3', '2 3', '8 3 2 3'];

/** The colour of a series as the style sheet names it. */
export function colourVariable(index: number): string {
  return `var(--c${index % COLOURS.length})`;
}

/** `stroke-dasharray` of a series past those that have a colour of their own. */
export function dashOf(index: number): string | undefined {
  return DASHES[Math.floor(index / COLOURS.length) % DASHES.length] || undefined;
}

/** A scale from 0 to 1 that gets steadily lighter (cividis), as on the page. */
const CIVIDIS = ['#00224e', '#2a3f6d', '#575d6d', '#7d7c78', '#a69d75', '#d3c164', '#fee838'];
/** Where black and white stand out equally (WCAG 2.2, contrast ratio). */
const MIDDLE_LUMINANCE = Math.sqrt(1.05 * 0.05) - 0.05;

export function scaleColour(share: number): { back: string; text: string } {
  const at = Math.min(1, Math.max(0, share)) * (CIVIDIS.length - 1);
  const low = channels(CIVIDIS[Math.floor(at)] as string);
  const high = channels(CIVIDIS[Math.ceil(at)] as string);
  const mixed = low.map((value, i) => Math.round(value + ((high[i] as number) - value) * (at % 1)));
  const [red = 0, green = 0, blue = 0] = mixed.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  const text = luminance > MIDDLE_LUMINANCE ? '#000000' : '#ffffff';
  return { back: `rgb(${mixed.join(' ')})`, text };
}

function channels(colour: string): number[] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
