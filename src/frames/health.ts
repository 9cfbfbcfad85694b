import {
  type Fields,
  optionalBooleanField,
  optionalNumberField,
  optionalTextField,
  wordField,
} from './fields.ts';
import type { FrameHeader } from './header.ts';
import type { FrameLimits } from './limits.ts';

export const HEALTH_STATUSES = ['ok', 'degraded', 'down'] as const;
export type HealthStatus = (typeof HEALTH_STATUSES)[number];

/** A chip's own word on its health. */
export interface HealthFrame extends FrameHeader {
  readonly kind: 'health';
  readonly status: HealthStatus;
  readonly text: string | undefined;
  readonly temperatureC: number | undefined;
  /** The chip is no longer known; only the service itself says so, as emitter `spikescope`. */
  readonly forgotten: boolean | undefined;
}

export function readHealth(fields: Fields, header: FrameHeader, limits: FrameLimits): HealthFrame {
  return {
    kind: 'health',
    ...header,
    status: wordField(fields, 'status', HEALTH_STATUSES),
    text: optionalTextField(fields, 'message', limits),
    temperatureC: optionalNumberField(fields, 'temperature_c', -Number.MAX_VALUE, Number.MAX_VALUE),
    forgotten: optionalBooleanField(fields, 'forgotten'),
  };
}

export function healthFields(frame: HealthFrame, fields: Fields): Fields {
  fields['status'] = frame.status;
  if (frame.text !== undefined) fields['message'] = frame.text;
  if (frame.temperatureC !== undefined) fields['temperature_c'] = frame.temperatureC;
  if (frame.forgotten !== undefined) fields['forgotten'] = frame.forgotten;
  return fields;
}
