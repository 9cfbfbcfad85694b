import type { AnyPipeline } from '../../src/component/pipeline.ts';
import { checkExpression } from '../../src/monitoring/check-expression.ts';
import { generateMonitoring } from '../../src/monitoring/generate.ts';
import { monitoringSettings } from '../../src/monitoring/settings.ts';
import { dashboards } from '../dashboards/dashboards.ts';
import { panelQueries } from '../dashboards/panel-queries.ts';

interface TextFile {
  readonly path: string;
  readonly text: string;
}

/**
 * monitoring/ and docs/runbooks/ with the default values. The dashboards are made here, so that
 * what makes them is not part of the package.
 */
export function monitoringFiles(pipelines: readonly AnyPipeline[]): TextFile[] {
  const { files, runbooks, catalog } = generateMonitoring(monitoringSettings.parse({}), pipelines);
  const made = dashboards(catalog);
  for (const dashboard of made) {
    for (const { panel, expr } of panelQueries(dashboard)) {
      checkExpression(`dashboard ${dashboard.uid}, ${panel}`, expr, catalog);
    }
  }
  return [
    ...files.map(({ path, text }) => ({ path: `monitoring/${path}`, text })),
    ...runbooks.map(({ path, text }) => ({ path: `docs/runbooks/${path}`, text })),
    ...made.map((dashboard) => ({
      path: `monitoring/grafana/dashboards/${dashboard.uid}.json`,
      text: `${JSON.stringify(dashboard, null, 2)}\n`,
    })),
  ];
}
