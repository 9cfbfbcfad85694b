import { type AlertRule, type RuleContext, SCRAPED, SCRAPED_2 } from '../rule.ts';

const ERRORS =
  'spikeformer_conversion_errors_total{error_type="shape",hardware_target="loihi2",' +
  `${SCRAPED}}`;

/** Conversions of models, and what the models they make are worth. */
export function conversionAlerts(context: RuleContext): AlertRule[] {
  return [conversionsFail(context), efficiencyDegraded(context)];
}

function conversionsFail({ settings, t }: RuleContext): AlertRule {
  const { conversion_errors_per_second: errors } = settings.thresholds;
  const rate = `sum by (hardware_target) (rate(spikeformer_conversion_errors_total[${t(300)}]))`;
  return {
    alert: 'HighConversionErrorRate',
    expr: `${rate} > ${errors}`,
    forS: 120,
    severity: 'warning',
    team: 'models',
    summary: 'Conversions to {{ $labels.hardware_target }} fail',
    description:
      '{{ $value | printf "%.2f" }} conversions a second to {{ $labels.hardware_target }} ' +
      `failed over the last 5 minutes; more than ${errors} is too many.`,
    dashboard: 'spikeformer-overview',
    runbook: {
      means:
        'Models are not converted to spiking networks for this target. What runs on the chips ' +
        'goes on; new models do not arrive there.',
      look: [
        '`sum by (error_type) (rate(spikeformer_conversion_errors_total[5m]))` says what ' +
          'fails; ' +
          '`timeout` is a conversion that never said that it finished.',
        '`spikescope logs analyze --since 1h` names models and hardware.',
        'The trace of a failed conversion shows in which step and layer it ended.',
      ],
      mend: [
        'One `error_type`, one model: a fault of that model or its calibration data; stop ' +
          'retrying it.',
        'All models of one target: the compiler or its licence on the converting machine.',
        '`timeout` alone: the converter dies without saying so; look for it being killed for ' +
          'memory.',
      ],
    },
    // Half of them on either worker: neither alone has too many.
    fires: {
      input: [
        [ERRORS, '0+1x60'],
        [ERRORS.replace(SCRAPED, SCRAPED_2), '0+2x60'],
      ],
      atS: 600,
      labels: { hardware_target: 'loihi2' },
      value: '0.20',
    },
    quiet: { input: [[ERRORS, '0+1x60']], atS: 600 },
  };
}

function efficiencyDegraded({ settings }: RuleContext): AlertRule {
  const { energy_efficiency_ratio: ratio } = settings.thresholds;
  // The baseline is part of what the ratio says: 4 times less than a GPU is not 4 times less
  // than a CPU.
  const efficiency =
    'min by (model_name, hardware, baseline_name) (energy_efficiency_ratio ' +
    '* on (job, instance, model_name, hardware) ' +
    'group_left (baseline_name) energy_efficiency_baseline_info)';
  const model = 'model_name="vit",hardware="loihi2"';
  const info = `energy_efficiency_baseline_info{${model},baseline_name="gpu",${SCRAPED}}`;
  return {
    alert: 'EnergyEfficiencyDegraded',
    expr: `${efficiency} < ${ratio}`,
    forS: 600,
    severity: 'warning',
    team: 'models',
    summary: '{{ $labels.model_name }} on {{ $labels.hardware }} saves little energy',
    description:
      'The baseline {{ $labels.baseline_name }} takes only {{ $value | printf "%.1f" }} times ' +
      'the energy ' +
      `of {{ $labels.model_name }} on {{ $labels.hardware }}; it was meant to be ${ratio} or ` +
      'more.',
    dashboard: 'spikeformer-overview',
    runbook: {
      means:
        'An inference takes nearly as much energy as the named baseline: the reason for the ' +
        'neuromorphic chip is gone, though results may be right.',
      look: [
        '`energy_efficiency_baseline_joules`: did the baseline change rather than the chip?',
        '`neuromorphic_energy_per_synaptic_operation_joules` and the power of the chip by ' +
          'rail: ' +
          'idle power counts for all the time an inference takes.',
        'Spike rates by layer: twice the spikes are about twice the dynamic energy.',
      ],
      mend: [
        'Larger batches or more models on the chip share its static power.',
        'Rates that rose with a new conversion: calibrate its thresholds again.',
      ],
    },
    fires: {
      // Two workers, each with chips that run it: the worse one tells.
      input: [
        [`energy_efficiency_ratio{${model},${SCRAPED}}`, '3x80'],
        [info, '1x80'],
        [`energy_efficiency_ratio{${model},${SCRAPED_2}}`, '4x80'],
        [`energy_efficiency_baseline_info{${model},baseline_name="gpu",${SCRAPED_2}}`, '1x80'],
      ],
      atS: 900,
      labels: { model_name: 'vit', hardware: 'loihi2', baseline_name: 'gpu' },
      value: '3.0',
    },
    quiet: {
      input: [
        [`energy_efficiency_ratio{${model},${SCRAPED}}`, '12x80'],
        [info, '1x80'],
      ],
      atS: 900,
    },
  };
}
