/** First and last row of a window around a labelled anomaly. */
export interface WindowRows {
  readonly left: number;
  readonly right: number;
}

/** NAB's scaled sigmoid of a distance in windows. */
function sigmoid(x: number): number {
  return x > 3 ? -1 : 2 / (1 + Math.exp(5 * x)) - 1;
}

const LARGEST = sigmoid(-1);

/**
 * What a detection in each row is worth. After A. Lavin, S. Ahmad, Evaluating real-time anomaly
 * detection algorithms: the Numenta Anomaly Benchmark, ICMLA 2015.
 */
export function fillPositions(rows: number, windows: readonly WindowRows[]) {
  const position = new Float64Array(rows).fill(-1);
  const window = new Int32Array(rows).fill(-1);
  let next = 0;
  let last: WindowRows | undefined;
  for (let row = 0; row < rows; row++) {
    const now = windows[next];
    if (now !== undefined && row >= now.left) {
      position[row] = sigmoid(-(now.right - row + 1) / (now.right - now.left + 1)) / LARGEST;
      window[row] = next;
      if (row === now.right) {
        last = now;
        next++;
      }
    } else if (last !== undefined) {
      position[row] = sigmoid((row - last.right) / (last.right - last.left));
    }
  }
  return { position, window, windows: windows.length };
}
