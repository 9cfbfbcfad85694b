import { asMap, type Fields, integerField, listField, nameField } from './fields.ts';
import { FrameError } from './frame-error.ts';
import type { FrameHeader } from './header.ts';
import type { FrameLimits } from './limits.ts';

export interface SynapseUpdate {
  readonly synapseType: string;
  readonly learningRule: string;
  /** Updates since the previous frame. */
  readonly count: number;
}

/** Weight updates of a chip since its previous frame. */
export interface SynapsesFrame extends FrameHeader {
  readonly kind: 'synapses';
  readonly updates: readonly SynapseUpdate[];
}

export function readSynapses(
  fields: Fields,
  header: FrameHeader,
  limits: FrameLimits,
): SynapsesFrame {
  const updates = listField(fields, 'updates', limits).map((entry, i) => {
    try {
      const update = asMap(entry, 'updates', limits);
      return {
        synapseType: nameField(update, 'synapse_type', limits),
        learningRule: nameField(update, 'learning_rule', limits),
        count: integerField(update, 'count', 0, Number.MAX_SAFE_INTEGER),
      };
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      throw new FrameError(error.reason, `updates[${i}]`, error.message);
    }
  });
  return { kind: 'synapses', ...header, updates };
}

export function synapsesFields(frame: SynapsesFrame, fields: Fields): Fields {
  fields['updates'] = frame.updates.map((update) => ({
    synapse_type: update.synapseType,
    learning_rule: update.learningRule,
    count: update.count,
  }));
  return fields;
}
