/**
 * The discrete Fourier transform of a power of two of complex numbers, in place (Cooley and Tukey
 * 1965, radix 2). Factors are looked up, each worked out by itself, so that errors do not add up.
 */
export class Fft {
  readonly size: number;
  private readonly cos: Float64Array;
  private readonly sin: Float64Array;

  /** @param size a power of two */
  constructor(size: number) {
    if (size < 1 || 2 ** Math.round(Math.log2(size)) !== size) {
      throw new Error(`a transform needs a power of two, got ${size}`);
    }
    this.size = size;
    const half = Math.max(1, size / 2);
    this.cos = Float64Array.from({ length: half }, (_, i) => Math.cos((2 * Math.PI * i) / size));
    this.sin = Float64Array.from({ length: half }, (_, i) => -Math.sin((2 * Math.PI * i) / size));
  }

  transform(real: Float64Array, imaginary: Float64Array): void {
    reverseBits(real, imaginary);
    const { size, cos, sin } = this;
    for (let half = 1; half < size; half *= 2) {
      const step = size / (2 * half);
      for (let start = 0; start < size; start += 2 * half) {
        for (let i = 0; i < half; i++) {
          const a = start + i;
          const b = a + half;
          const c = cos[i * step] as number;
          const s = sin[i * step] as number;
          const bReal = real[b] as number;
          const bImaginary = imaginary[b] as number;
          const turnedReal = bReal * c - bImaginary * s;
          const turnedImaginary = bReal * s + bImaginary * c;
          const aReal = real[a] as number;
          const aImaginary = imaginary[a] as number;
          real[a] = aReal + turnedReal;
          imaginary[a] = aImaginary + turnedImaginary;
          real[b] = aReal - turnedReal;
          imaginary[b] = aImaginary - turnedImaginary;
        }
      }
    }
  }
}

function reverseBits(real: Float64Array, imaginary: Float64Array): void {
  const size = real.length;
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1;
    while (j & bit) {
      j ^= bit;
      bit >>= 1;
    }
    j ^= bit;
    if (i >= j) continue;
    const realBefore = real[i] as number;
    const imaginaryBefore = imaginary[i] as number;
    real[i] = real[j] as number;
    imaginary[i] = imaginary[j] as number;
    real[j] = realBefore;
    imaginary[j] = imaginaryBefore;
  }
}
