/** Upper bounds of histograms of membrane potentials (DESIGN §5), ascending, without +Inf. */
const MILLIVOLTS = Float64Array.of(
  ...[-80, -75, -70, -65, -60, -57.5, -55, -52.5, -50, -45, -40, -20, -15, -10, -5],
  ...[0, 2.5, 5, 7.5, 10, 12.5, 15, 17.5, 20],
);
const POWERS = [0, 1, 2, 3, 4, 5, 6].map((exponent) => 10 ** exponent);
const RAW = Float64Array.of(...POWERS.map((power) => -power).reverse(), 0, ...POWERS);

/**
 * In mV for biological resting and threshold potentials and for models that rest at 0; in other
 * units (a chip's fixed-point numbers) 0 and ± powers of ten to 10^6.
 */
export function membraneBoundsOf(unit: string): Float64Array {
  return unit === 'mV' ? MILLIVOLTS : RAW;
}
