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
  return { back: `rgb(${mixed.join(' ')})`, text: textOn(mixed) };
}

/** Where black and white stand out equally (WCAG 2.2, contrast ratio). */
const MIDDLE_LUMINANCE = Math.sqrt(1.05 * 0.05) - 0.05;

function textOn(colour: readonly number[]): string {
  const [red = 0, green = 0, blue = 0] = colour.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return luminance > MIDDLE_LUMINANCE ? '#000000' : '#ffffff';
}
