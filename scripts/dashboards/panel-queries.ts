import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';

export interface PanelQuery {
  readonly panel: string;
  readonly expr: string;
}

/** Every expression that a dashboard asks for. */
export function panelQueries({ panels }: Pick<Dashboard, 'panels'>): PanelQuery[] {
  return (panels ?? []).flatMap((panel) => {
    const targets = ('targets' in panel ? (panel.targets ?? []) : []) as { expr?: string }[];
    return targets.map(({ expr }) => ({ panel: panel.title ?? '', expr: expr ?? '' }));
  });
}
