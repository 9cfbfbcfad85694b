package main

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/redpanda-data/benthos/v4/public/service"
)

func init() {
	spec := service.NewConfigSpec().Field(service.NewFloatListField("buckets"))
	service.MustRegisterMetricsExporter("prometheus", spec,
		func(conf *service.ParsedConfig, _ *service.Logger) (service.MetricsExporter, error) {
			buckets, err := conf.FieldFloatList("buckets")
			if err != nil {
				return nil, err
			}
			return &exporter{registry: prometheus.NewRegistry(), buckets: buckets}, nil
		})
}

type exporter struct {
	registry *prometheus.Registry
	buckets  []float64
}

// HandlerFunc is what the engine serves at /metrics.
func (e *exporter) HandlerFunc() http.HandlerFunc {
	return promhttp.HandlerFor(e.registry, promhttp.HandlerOpts{}).ServeHTTP
}

func (e *exporter) NewCounterCtor(name string, keys ...string) service.MetricsExporterCounterCtor {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: name}, keys)
	vec = registered(e.registry, vec)
	return func(values ...string) service.MetricsExporterCounter {
		return counter{vec.WithLabelValues(values...)}
	}
}

func (e *exporter) NewTimerCtor(name string, keys ...string) service.MetricsExporterTimerCtor {
	options := prometheus.HistogramOpts{Name: name, Help: name, Buckets: e.buckets}
	vec := registered(e.registry, prometheus.NewHistogramVec(options, keys))
	return func(values ...string) service.MetricsExporterTimer {
		return timer{vec.WithLabelValues(values...)}
	}
}

func (e *exporter) NewGaugeCtor(name string, keys ...string) service.MetricsExporterGaugeCtor {
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: name}, keys)
	vec = registered(e.registry, vec)
	return func(values ...string) service.MetricsExporterGauge {
		return gauge{vec.WithLabelValues(values...)}
	}
}

func (e *exporter) Close(context.Context) error { return nil }

// registered gives the collector of this name that is there already, where there is one.
func registered[C prometheus.Collector](registry *prometheus.Registry, collector C) C {
	err := registry.Register(collector)
	if there, ok := err.(prometheus.AlreadyRegisteredError); ok {
		return there.ExistingCollector.(C)
	}
	if err != nil {
		panic(err)
	}
	return collector
}

type counter struct{ prometheus.Counter }

func (c counter) Incr(count int64)          { c.Add(float64(count)) }
func (c counter) IncrFloat64(count float64) { c.Add(count) }

type timer struct{ prometheus.Observer }

// Timing takes nanoseconds and shows seconds, as the engine's own exporters do.
func (t timer) Timing(delta int64) { t.Observe(float64(delta) / 1e9) }

type gauge struct{ prometheus.Gauge }

func (g gauge) Set(value int64)          { g.Gauge.Set(float64(value)) }
func (g gauge) SetFloat64(value float64) { g.Gauge.Set(value) }
