/**
 * The upper tail of the standard normal distribution, P(Z > z), to the last digits of a double:
 * erfc by the rational approximations of Cephes (S. L. Moshier, Methods and Programs for
 * Mathematical Functions, 1989), which is what SciPy's `ndtr` uses.
 */
export function normalTail(z: number): number {
  return erfc(z * Math.SQRT1_2) / 2;
}

/** Numerators and denominators, highest power first; a leading 1 is left out of denominators. */
const SMALL = [
  9.604973739870516, 90.02601972038427, 2232.005345946843, 7003.325141128051, 55592.30130103949,
];
const SMALL_BELOW = [
  33.56171416475031, 521.3579497801527, 4594.323829709801, 22629.000061389095, 49267.39426086359,
];
const MIDDLE = [
  2.461969814735305e-10, 0.5641895648310689, 7.463210564422699, 48.63719709856814,
  196.5208329560771, 526.4451949954773, 934.5285271719576, 1027.5518868951572, 557.5353353693994,
];
const MIDDLE_BELOW = [
  13.228195115474499, 86.70721408859897, 354.9377788878199, 975.7085017432055, 1823.9091668790973,
  2246.3376081871097, 1656.6630919416134, 557.5353408177277,
];
const FAR = [
  0.5641895835477551, 1.275366707599781, 5.019050422511805, 6.160210979930536, 7.4097426995044895,
  2.9788666537210022,
];
const FAR_BELOW = [
  2.2605286322011726, 9.396035249380015, 12.048953980809666, 17.08144507475659, 9.608968090632859,
  3.369076451000815,
];

function erfc(x: number): number {
  if (Number.isNaN(x)) return x;
  const size = Math.abs(x);
  if (size < 1) {
    const square = x * x;
    return 1 - (x * powers(SMALL, square, 0)) / powers(SMALL_BELOW, square, 1);
  }
  const tail =
    size === Number.POSITIVE_INFINITY
      ? 0
      : Math.exp(-x * x) *
        (size < 8
          ? powers(MIDDLE, size, 0) / powers(MIDDLE_BELOW, size, 1)
          : powers(FAR, size, 0) / powers(FAR_BELOW, size, 1));
  return x < 0 ? 2 - tail : tail;
}

/** Horner's scheme, from what stands before the first coefficient. */
function powers(coefficients: readonly number[], x: number, leading: number): number {
  let sum = leading;
  for (const coefficient of coefficients) sum = sum * x + coefficient;
  return sum;
}
