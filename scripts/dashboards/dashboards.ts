import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  type Panel,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { MetricCatalog } from '../../src/monitoring/catalog.ts';
import { DASHBOARDS } from '../../src/monitoring/grafana.ts';
import { HARDWARE, HARDWARE_VARIABLES } from './hardware.ts';
import { OVERVIEW } from './overview.ts';
import { servicePanels } from './service.ts';

/** The dashboards as Grafana's provisioning reads them. */
export function dashboards(catalog: MetricCatalog): Dashboard[] {
  return [
    build(DASHBOARDS.overview, OVERVIEW),
    build(DASHBOARDS.hardware, HARDWARE, HARDWARE_VARIABLES),
    build(
      DASHBOARDS.service,
      servicePanels((metric) => catalog.has(metric)),
    ),
  ];
}

function build(
  { uid, title }: { readonly uid: string; readonly title: string },
  panels: readonly Builder<Panel>[],
  variables: readonly Builder<VariableModel>[] = [],
): Dashboard {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .tags(['spikescope'])
    .refresh('30s')
    .time({ from: 'now-1h', to: 'now' })
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly();
  for (const variable of variables) builder.withVariable(variable);
  for (const panel of panels) builder.withPanel(panel);
  return builder.build();
}
