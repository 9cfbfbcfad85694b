PRAGMA application_id = 1399876420;
PRAGMA user_version = 2;
CREATE TABLE "slices" (
  "seq" INTEGER PRIMARY KEY,
  "index_name" TEXT NOT NULL,
  "first_rowid" INTEGER NOT NULL,
  "last_rowid" INTEGER NOT NULL,
  "documents" INTEGER NOT NULL,
  "opened_ms" INTEGER NOT NULL,
  "written_ms" INTEGER NOT NULL
) STRICT;
CREATE TABLE "logs" (
  "id" TEXT NOT NULL,
  "timestamp" INTEGER NOT NULL,
  "timestamp_us" INTEGER NOT NULL,
  "device_type" TEXT,
  "chip_id" TEXT,
  "run_id" TEXT,
  "conversion_id" TEXT,
  "model_type" TEXT,
  "model_size" TEXT,
  "hardware_target" TEXT,
  "error_type" TEXT,
  "error_message" TEXT,
  "trace_id" TEXT,
  "span_id" TEXT,
  "level" TEXT,
  "logger" TEXT,
  "message" TEXT,
  "module" TEXT,
  "function" TEXT,
  "line" INTEGER,
  "event_type" TEXT,
  "model_id" TEXT,
  "hardware_type" TEXT,
  "user_id" TEXT,
  "layer_name" TEXT,
  "spike_count" INTEGER,
  "timestep" INTEGER,
  "spike_rate" REAL,
  "spike_rate_hz" REAL,
  "requires_attention" INTEGER,
  "status" TEXT,
  "reason" TEXT,
  "duration_seconds" REAL,
  "latency_seconds" REAL,
  "throughput_per_second" REAL,
  "accuracy" REAL,
  "energy_joules" REAL,
  "synaptic_operations" REAL,
  "latency_change" REAL,
  "throughput_change" REAL,
  "emitter" TEXT,
  "service" TEXT
) STRICT;
CREATE TABLE "rates" (
  "id" TEXT NOT NULL,
  "timestamp" INTEGER NOT NULL,
  "timestamp_us" INTEGER NOT NULL,
  "t0_us" INTEGER,
  "span_us" INTEGER,
  "device_type" TEXT,
  "chip_id" TEXT,
  "run_id" TEXT,
  "layer_name" TEXT,
  "neuron_type" TEXT,
  "neuron_count" INTEGER,
  "spikes" INTEGER,
  "mean_rate_hz" REAL,
  "rate_histogram" TEXT,
  "timestep" INTEGER
) STRICT;
CREATE TABLE "power" (
  "id" TEXT NOT NULL,
  "timestamp" INTEGER NOT NULL,
  "timestamp_us" INTEGER NOT NULL,
  "t0_us" INTEGER,
  "span_us" INTEGER,
  "device_type" TEXT,
  "chip_id" TEXT,
  "run_id" TEXT,
  "rail" TEXT,
  "component" TEXT,
  "watts" REAL,
  "energy_joules" REAL
) STRICT;
CREATE TABLE "conversions" (
  "id" TEXT NOT NULL,
  "timestamp" INTEGER NOT NULL,
  "timestamp_us" INTEGER NOT NULL,
  "t0_us" INTEGER,
  "span_us" INTEGER,
  "device_type" TEXT,
  "chip_id" TEXT,
  "run_id" TEXT,
  "conversion_id" TEXT,
  "model_type" TEXT,
  "model_size" TEXT,
  "hardware_target" TEXT,
  "error_type" TEXT,
  "error_message" TEXT,
  "trace_id" TEXT,
  "span_id" TEXT,
  "event" TEXT,
  "model_name" TEXT,
  "model_parameters" INTEGER,
  "started_us" INTEGER,
  "step" TEXT,
  "layer_index" INTEGER,
  "layer_type" TEXT,
  "calibration_samples" INTEGER,
  "duration_us" REAL,
  "success" INTEGER
) STRICT;
CREATE TABLE "benchmarks" (
  "id" TEXT NOT NULL,
  "timestamp" INTEGER NOT NULL,
  "timestamp_us" INTEGER NOT NULL,
  "t0_us" INTEGER,
  "span_us" INTEGER,
  "device_type" TEXT,
  "chip_id" TEXT,
  "run_id" TEXT,
  "model" TEXT,
  "hardware" TEXT,
  "latency_seconds" REAL,
  "throughput_per_second" REAL,
  "accuracy" REAL,
  "energy_joules" REAL,
  "synaptic_operations" REAL,
  "duration_us" REAL
) STRICT;
CREATE TABLE "anomalies" (
  "id" TEXT NOT NULL,
  "timestamp" INTEGER NOT NULL,
  "timestamp_us" INTEGER NOT NULL,
  "t0_us" INTEGER,
  "span_us" INTEGER,
  "device_type" TEXT,
  "chip_id" TEXT,
  "run_id" TEXT,
  "incident_id" TEXT,
  "event" TEXT,
  "detector" TEXT,
  "series" TEXT,
  "layer_name" TEXT,
  "core_id" INTEGER,
  "severity" TEXT,
  "score" REAL,
  "p_value" REAL,
  "expected" REAL,
  "observed" REAL,
  "text" TEXT,
  "started_us" INTEGER,
  "ended_us" INTEGER,
  "muted" INTEGER,
  "until_us" INTEGER,
  "reason" TEXT,
  "user_id" TEXT
) STRICT;
CREATE TABLE "health" (
  "id" TEXT NOT NULL,
  "timestamp" INTEGER NOT NULL,
  "timestamp_us" INTEGER NOT NULL,
  "t0_us" INTEGER,
  "span_us" INTEGER,
  "device_type" TEXT,
  "chip_id" TEXT,
  "run_id" TEXT,
  "event" TEXT,
  "connected" INTEGER,
  "status" TEXT,
  "reason" TEXT,
  "temperature_c" REAL
) STRICT;
CREATE TABLE "runs" (
  "id" TEXT NOT NULL,
  "timestamp" INTEGER NOT NULL,
  "timestamp_us" INTEGER NOT NULL,
  "t0_us" INTEGER,
  "span_us" INTEGER,
  "run_id" TEXT,
  "hardware" TEXT,
  "chips" INTEGER,
  "model" TEXT,
  "config_hash" TEXT,
  "frames" INTEGER,
  "spikes" INTEGER,
  "energy_joules" REAL,
  "frames_lost" INTEGER,
  "is_complete" INTEGER,
  "ended_by" TEXT
) STRICT;
CREATE UNIQUE INDEX "logs_id" ON "logs" ("id");
CREATE INDEX "logs_timestamp" ON "logs" ("timestamp");
CREATE INDEX "logs_level" ON "logs" ("level", "timestamp", "event_type", "error_type") WHERE "level" IS NOT NULL;
CREATE INDEX "logs_event_type" ON "logs" ("event_type", "timestamp", "model_type", "hardware_target") WHERE "event_type" IS NOT NULL;
CREATE UNIQUE INDEX "rates_id" ON "rates" ("id");
CREATE INDEX "rates_timestamp" ON "rates" ("timestamp");
CREATE UNIQUE INDEX "power_id" ON "power" ("id");
CREATE INDEX "power_timestamp" ON "power" ("timestamp");
CREATE UNIQUE INDEX "conversions_id" ON "conversions" ("id");
CREATE INDEX "conversions_timestamp" ON "conversions" ("timestamp");
CREATE INDEX "conversions_event" ON "conversions" ("event", "timestamp") WHERE "event" IS NOT NULL;
CREATE UNIQUE INDEX "benchmarks_id" ON "benchmarks" ("id");
CREATE INDEX "benchmarks_timestamp" ON "benchmarks" ("timestamp");
CREATE UNIQUE INDEX "anomalies_id" ON "anomalies" ("id");
CREATE INDEX "anomalies_timestamp" ON "anomalies" ("timestamp");
CREATE UNIQUE INDEX "health_id" ON "health" ("id");
CREATE INDEX "health_timestamp" ON "health" ("timestamp");
CREATE UNIQUE INDEX "runs_id" ON "runs" ("id");
CREATE INDEX "runs_timestamp" ON "runs" ("timestamp");
CREATE INDEX "runs_run_id" ON "runs" ("run_id", "timestamp") WHERE "run_id" IS NOT NULL;
