import { expect, test } from 'vitest';
import { scaleColour } from '../../src/page/colour-scale.ts';

/** Relative luminance and contrast as WCAG 2.2 defines them. */
function luminance(colour: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = colour.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

test('text stands out on every colour of the scale', () => {
  for (let share = 0; share <= 1; share += 0.001) {
    const { back, text } = scaleColour(share);
    const behind = luminance([...back.matchAll(/\d+/g)].map(Number));
    const front = text === '#000000' ? 0 : 1;
    const ratio = (Math.max(front, behind) + 0.05) / (Math.min(front, behind) + 0.05);
    expect(ratio, `${share} of the scale`).toBeGreaterThanOrEqual(4.5);
  }
});
