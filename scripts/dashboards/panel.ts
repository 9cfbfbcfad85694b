import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as heatmap from '@grafana/grafana-foundation-sdk/heatmap';
import {
  HeatmapColorOptionsBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as timeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import { PROMETHEUS_UID } from '../../src/monitoring/grafana.ts';

export const PROMETHEUS = { type: 'prometheus', uid: PROMETHEUS_UID };

/** An expression with how its series are called. */
export type Query = readonly [expr: string, legend: string];

interface PanelText {
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Of 24. */
  readonly width: number;
}

type Threshold = readonly [from: number | null, color: string];

interface StatText extends PanelText {
  readonly thresholds?: readonly Threshold[];
  /** What values are called, such as 1 for connected. */
  readonly words?: Readonly<Record<string, string>>;
}

interface SeriesText extends PanelText {
  readonly stacked?: boolean;
  readonly min?: number;
  readonly max?: number;
}

interface HeatmapText extends PanelText {
  /** Whether the queries give buckets of a histogram; each series is a row of its own otherwise. */
  readonly buckets: boolean;
  /** A variable: one panel for each of its values. */
  readonly repeat?: string;
}

const STAT_HEIGHT = 5;
const HEIGHT = 8;
const NEUTRAL: readonly Threshold[] = [[null, 'blue']];

function queries(text: PanelText, format: prometheus.PromQueryFormat) {
  return text.queries.map(([expr, legend], at) =>
    new prometheus.DataqueryBuilder()
      .refId(String.fromCharCode(65 + at))
      .datasource(PROMETHEUS)
      .expr(expr)
      .legendFormat(legend)
      .format(format)
      .range(),
  );
}

function steps(thresholds: readonly Threshold[]) {
  return new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps(thresholds.map(([value, color]) => ({ value, color })));
}

function named(words: Readonly<Record<string, string>>): dashboard.ValueMapping[] {
  const options = Object.entries(words).map(([value, text]) => [value, { text }]);
  return [{ type: dashboard.MappingType.ValueToText, options: Object.fromEntries(options) }];
}

/** One number, or one for each series. */
export function statPanel(text: StatText) {
  const panel = new stat.PanelBuilder()
    .title(text.title)
    .description(text.description)
    .datasource(PROMETHEUS)
    .unit(text.unit)
    .span(text.width)
    .height(STAT_HEIGHT)
    .targets(queries(text, prometheus.PromQueryFormat.TimeSeries))
    .thresholds(steps(text.thresholds ?? NEUTRAL))
    .graphMode(common.BigValueGraphMode.Area)
    .colorMode(common.BigValueColorMode.Value)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']));
  return text.words === undefined ? panel : panel.mappings(named(text.words));
}

export function seriesPanel(text: SeriesText) {
  const panel = new timeseries.PanelBuilder()
    .title(text.title)
    .description(text.description)
    .datasource(PROMETHEUS)
    .unit(text.unit)
    .span(text.width)
    .height(HEIGHT)
    .targets(queries(text, prometheus.PromQueryFormat.TimeSeries))
    .lineWidth(1)
    .fillOpacity(text.stacked === true ? 40 : 8)
    .showPoints(common.VisibilityMode.Never)
    .legend(
      new common.VizLegendOptionsBuilder()
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder()
        .mode(common.TooltipDisplayMode.Multi)
        .sort(common.SortOrder.Descending),
    );
  if (text.min !== undefined) panel.min(text.min);
  if (text.max !== undefined) panel.max(text.max);
  if (text.stacked === true) {
    panel.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal));
  }
  return panel;
}

/** States over time, one row for each series. */
export function statesPanel(text: StatText) {
  return new timeline.PanelBuilder()
    .title(text.title)
    .description(text.description)
    .datasource(PROMETHEUS)
    .unit(text.unit)
    .span(text.width)
    .height(HEIGHT)
    .targets(queries(text, prometheus.PromQueryFormat.TimeSeries))
    .thresholds(steps(text.thresholds ?? NEUTRAL))
    .mappings(named(text.words ?? {}))
    .showValue(common.VisibilityMode.Never)
    .mergeValues(true);
}

export function heatmapPanel(text: HeatmapText) {
  const format = text.buckets
    ? prometheus.PromQueryFormat.Heatmap
    : prometheus.PromQueryFormat.TimeSeries;
  const panel = new heatmap.PanelBuilder()
    .title(text.title)
    .description(text.description)
    .datasource(PROMETHEUS)
    .span(text.width)
    .height(HEIGHT)
    .targets(queries(text, format))
    .calculate(false)
    .cellGap(1)
    .color(new HeatmapColorOptionsBuilder().scheme('Viridis').steps(64).reverse(false))
    .yAxis(new YAxisConfigBuilder().unit(text.buckets ? text.unit : 'short'))
    .cellValues(new heatmap.CellValuesBuilder().unit(text.buckets ? 'short' : text.unit));
  return text.repeat === undefined ? panel : panel.repeat(text.repeat).repeatDirection('h');
}

/** A choice of values of a label, all of them at first. */
export function labelVariable(name: string, label: string, metric: string) {
  return new dashboard.QueryVariableBuilder(name)
    .label(name)
    .datasource(PROMETHEUS)
    .query({ query: `label_values(${metric}, ${label})`, refId: `variable-${name}` })
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ selected: true, text: ['All'], value: ['$__all'] });
}
