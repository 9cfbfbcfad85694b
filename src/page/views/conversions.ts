import { type ComponentChild, h } from 'preact';
import type { LiveConversion } from '../../sinks/live/schemas.ts';
import { duration, fullTime, timeOf } from '../format.ts';
import { empty, loading, stateWord } from '../parts.ts';
import type { PageState } from '../state.ts';

const KINDS = { running: 'none', succeeded: 'good', failed: 'bad' } as const;

/** Conversions of models, the newest first, each with its spans as a timeline. */
export function ConversionsView({ state }: { state: PageState }): ComponentChild {
  if (!state.loaded.has('conversions')) return loading();
  const all = [...state.conversions.values()].reverse();
  if (all.length === 0) {
    return empty(
      'No conversion has been seen since the service started (frames of kind conversion).',
    );
  }
  return h(
    'div',
    null,
    h('h2', null, 'Conversions'),
    ...all.map((conversion) => card(conversion, state.traceUrl)),
  );
}

function card(conversion: LiveConversion, traceUrl: string | undefined): ComponentChild {
  const { conversion_id, model_name, hardware_target, trace_id, error_message } = conversion;
  const { started_us, last_us, last_step, error_type } = conversion;
  const name = `${model_name ?? conversion_id} to ${hardware_target ?? 'unknown hardware'}`;
  const took =
    conversion.duration_us ?? (started_us === undefined ? undefined : last_us - started_us);
  const address =
    traceUrl === undefined || trace_id === undefined
      ? undefined
      : traceUrl.replace('{trace_id}', encodeURIComponent(trace_id));
  return h(
    'section',
    { class: 'card', key: conversion_id },
    h('h3', null, name),
    h(
      'p',
      null,
      stateWord(KINDS[conversion.state], conversion.state),
      ` ${duration(took)}, `,
      h('span', { title: fullTime(last_us) }, `last heard ${timeOf(last_us)}`),
      conversion.state === 'running' && last_step !== undefined ? `, step ${last_step}` : '',
      error_type === undefined ? '' : `, ${error_type}: ${error_message ?? ''}`,
    ),
    address === undefined
      ? trace_id === undefined
        ? null
        : h('p', { class: 'legend mono' }, `trace ${trace_id}`)
      : h('p', null, h('a', { href: address, rel: 'noreferrer' }, 'Trace')),
    timeline(conversion),
  );
}

function timeline({ spans }: LiveConversion): ComponentChild | null {
  if (spans.length === 0) return null;
  const start = Math.min(...spans.map(({ start_us }) => start_us));
  const end = Math.max(...spans.map(({ end_us }) => end_us));
  const share = (us: number) => ((us - start) / Math.max(1, end - start)) * 100;
  const sorted = [...spans].sort((a, b) => a.start_us - b.start_us || b.end_us - a.end_us);
  return h(
    'div',
    { class: 'timeline' },
    ...sorted.flatMap(({ span_id, name, start_us, end_us, error }) => {
      const took = duration(end_us - start_us);
      const title = `${name}: ${took}${error === undefined ? '' : `, failed: ${error}`}`;
      const style = { left: `${share(start_us)}%`, width: `${share(end_us) - share(start_us)}%` };
      return [
        h('span', { key: `${span_id} name`, class: 'name', title }, `${name} (${took})`),
        h(
          'div',
          { key: span_id, class: 'track', title },
          h('i', { class: error === undefined ? '' : 'failed', style }),
        ),
      ];
    }),
  );
}
