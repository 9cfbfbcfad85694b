import { element, fragment, type Markup } from '../markup.ts';

const METHODS: readonly (readonly [string, string])[] = [
  [
    'Rates, intervals, Fano factors',
    'As Elephant 1.2 and NumPy: every neuron of a layer counts, silent ones with rate 0; CV, CV2 \
(Holt 1996), LV and LvR (Shinomoto 2003, 2009; R = 5 ms) are means over neurons with 3 spikes or \
more.',
  ],
  ['Bursts', 'MaxInterval (10, 20, 20, 5 ms, 3 spikes; Cotterill 2016).'],
  ['Synchrony', 'SPIKE-synchronization (Kreuz 2015) of the first 100 neurons with 2 spikes.'],
  [
    'Power spectrum',
    'Welch 1967, as scipy.signal.welch: the population’s rate in bins, a Hann window, segments \
that overlap by half and are less their mean, periodograms averaged, one-sided density. By chance \
(Poisson) means 2 · mean rate / neurons. Of the longest stretch without gaps.',
  ],
  ['Power', 'Energy as the file states it, else the trapezoid rule; mean power = energy / time.'],
];

/** How the numbers came about: enough to make them again. */
export function methodSection(): Markup {
  return fragment(
    element(
      'dl',
      {},
      METHODS.map(([name, text]) => [
        element('dt', {}, element('b', {}, name)),
        element('dd', {}, text),
      ]),
    ),
    element(
      'p',
      {},
      'All numbers, not rounded, are in this page as JSON (the element with the id ',
      element('code', {}, 'analysis'),
      '), as spikescope analyze --json prints them. Numbers in tables carry the exact one in the \
attribute value.',
    ),
  );
}
