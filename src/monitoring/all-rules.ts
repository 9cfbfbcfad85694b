import type { AlertRule, RuleContext } from './rule.ts';
import { conversionAlerts } from './rules/conversions.ts';
import { frameAlerts } from './rules/frames.ts';
import { hardwareAlerts } from './rules/hardware.ts';
import { machineAlerts } from './rules/machine.ts';
import { partitionAlerts } from './rules/partitions.ts';
import { serviceAlerts } from './rules/service.ts';
import { sinkAlerts } from './rules/sinks.ts';
import { streamAlerts } from './rules/stream.ts';

/** Every alert, by the group that it is evaluated in. */
export function alertGroups(context: RuleContext): Readonly<Record<string, readonly AlertRule[]>> {
  return {
    hardware: hardwareAlerts(context),
    models: conversionAlerts(context),
    frames: frameAlerts(context),
    stream: streamAlerts(context),
    workers: partitionAlerts(context),
    sinks: sinkAlerts(context),
    service: serviceAlerts(context),
    machine: machineAlerts(context),
  };
}
