// The consumer that a Go programmer writes in an afternoon: nats.go, encoding/json, client_golang.
// Built twice: as it is, and with GOEXPERIMENT=jsonv2.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

type spike struct {
	Layer      string  `json:"layer"`
	NeuronType string  `json:"neuron_type"`
	Neuron     int     `json:"neuron"`
	TimeUs     int64   `json:"t_us"`
	Millivolts float64 `json:"mv"`
}

var (
	spikes = prometheus.NewCounterVec(
		prometheus.CounterOpts{Name: "spikes_total", Help: "Spikes by layer."}, []string{"layer"})
	membrane = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "membrane_mv", Help: "Membrane potential by layer, mV.",
		Buckets: []float64{-75, -70, -65, -60, -55, -50, -45, -40, -35, -30},
	}, []string{"layer"})
)

func count(s *spike) {
	spikes.WithLabelValues(s.Layer).Inc()
	membrane.WithLabelValues(s.Layer).Observe(s.Millivolts)
}

func receive(data []byte, batched bool) {
	if batched {
		var list []spike
		if err := json.Unmarshal(data, &list); err != nil {
			log.Fatal(err)
		}
		for i := range list {
			count(&list[i])
		}
		return
	}
	var one spike
	if err := json.Unmarshal(data, &one); err != nil {
		log.Fatal(err)
	}
	count(&one)
}

func main() {
	url := flag.String("nats", "", "URL of the server")
	subject := flag.String("subject", "spikes", "what to subscribe to")
	batched := flag.Bool("batched", false, "a message is an array of spikes")
	stream := flag.String("stream", "", "read this JetStream stream, with acknowledgements")
	flag.Parse()
	connection, err := nats.Connect(*url)
	if err != nil {
		log.Fatal(err)
	}
	if *stream == "" {
		_, err = connection.Subscribe(*subject, func(m *nats.Msg) { receive(m.Data, *batched) })
	} else {
		err = consume(connection, *stream, *batched)
	}
	if err == nil {
		err = connection.Flush()
	}
	if err != nil {
		log.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(spikes, membrane)
	http.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("serving on http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}

// Every message is acknowledged by itself, as the library's own examples do.
func consume(connection *nats.Conn, stream string, batched bool) error {
	js, err := jetstream.New(connection)
	if err != nil {
		return err
	}
	consumer, err := js.CreateConsumer(context.Background(), stream, jetstream.ConsumerConfig{
		AckPolicy: jetstream.AckExplicitPolicy, MaxAckPending: 10000,
	})
	if err != nil {
		return err
	}
	_, err = consumer.Consume(func(m jetstream.Msg) {
		receive(m.Data(), batched)
		m.Ack()
	})
	return err
}
