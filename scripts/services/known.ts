import { ALERTMANAGER } from './alertmanager.ts';
import { CHROMIUM } from './chromium.ts';
import { COMPOSE_SPEC } from './compose-spec.ts';
import { ELASTICSEARCH } from './elasticsearch.ts';
import { NATS_SERVER } from './nats-server.ts';
import { NODE_EXPORTER } from './node-exporter.ts';
import { OTEL_COLLECTOR } from './otel-collector.ts';
import { PROMETHEUS } from './prometheus.ts';
import { PYTHON_EMITTER_VENV } from './python-emitter-venv.ts';
import { PYTHON_VENV } from './python-venv.ts';
import type { Service } from './service.ts';

/** Everything that `node scripts/services.ts fetch` gets. */
export const SERVICES: readonly Service[] = [
  NATS_SERVER,
  PYTHON_VENV,
  PYTHON_EMITTER_VENV,
  OTEL_COLLECTOR,
  ELASTICSEARCH,
  PROMETHEUS,
  ALERTMANAGER,
  NODE_EXPORTER,
  COMPOSE_SPEC,
  CHROMIUM,
];

export function serviceNamed(name: string): Service {
  const service = SERVICES.find((known) => known.name === name);
  if (service !== undefined) return service;
  const names = SERVICES.map((known) => known.name).join(', ');
  throw new Error(`no service is called ${JSON.stringify(name)}; there are: ${names}`);
}
