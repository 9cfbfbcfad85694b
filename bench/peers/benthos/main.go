// Benthos, the engine of Redpanda Connect, with the two parts that its own module leaves to others:
// an input that reads NATS, and metrics for Prometheus. Both do what those of Connect do.
package main

import (
	"context"

	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"
)

func main() {
	service.RunCLI(context.Background())
}
