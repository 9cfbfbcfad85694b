import { Fft } from './fft.ts';

export interface PowerSpectrum {
  /** [segment / 2 + 1] */
  readonly frequencyHz: Float64Array;
  /** [segment / 2 + 1] power a hertz, one-sided: its integral is the variance. */
  readonly density: Float64Array;
  /** Segments averaged, half of each shared with the next. */
  readonly segments: number;
}

/**
 * Power spectral density by Welch's method (Welch 1967): the mean of the periodograms of segments
 * that overlap by half, less their mean, in a Hann window. The numbers are those of
 * `scipy.signal.welch(x, fs, nperseg=segment)`.
 * @param samples evenly spaced
 * @param segment samples of a segment, a power of two; undefined result where there are fewer
 */
export function welch(
  samples: ArrayLike<number>,
  sampleHz: number,
  segment: number,
): PowerSpectrum | undefined {
  if (samples.length < segment || segment < 4) return undefined;
  const fft = new Fft(segment);
  const hop = segment / 2;
  const window = hann(segment);
  let squares = 0;
  for (const factor of window) squares += factor * factor;
  const density = new Float64Array(hop + 1);
  const real = new Float64Array(segment);
  const imaginary = new Float64Array(segment);
  const segments = Math.floor((samples.length - hop) / hop);
  for (let k = 0; k < segments; k++) {
    fill(real, samples, k * hop, window);
    imaginary.fill(0);
    fft.transform(real, imaginary);
    for (let i = 0; i <= hop; i++) {
      const re = real[i] as number;
      const im = imaginary[i] as number;
      density[i] = (density[i] as number) + re * re + im * im;
    }
  }
  for (let i = 0; i <= hop; i++) {
    // Frequencies below 0 are folded onto those above; 0 and the highest have no other side.
    const sides = i === 0 || i === hop ? 1 : 2;
    density[i] = ((density[i] as number) * sides) / (segments * sampleHz * squares);
  }
  const frequencyHz = Float64Array.from({ length: hop + 1 }, (_, i) => (i * sampleHz) / segment);
  return { frequencyHz, density, segments };
}

/** Periodic, as it is meant for spectra. */
function hann(length: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => {
    return 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / length);
  });
}

function fill(
  into: Float64Array,
  samples: ArrayLike<number>,
  from: number,
  window: Float64Array,
): void {
  let sum = 0;
  for (let i = 0; i < into.length; i++) sum += samples[from + i] as number;
  const mean = sum / into.length;
  for (let i = 0; i < into.length; i++) {
    into[i] = ((samples[from + i] as number) - mean) * (window[i] as number);
  }
}
