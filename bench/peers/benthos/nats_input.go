package main

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/redpanda-data/benthos/v4/public/service"
)

func init() {
	spec := service.NewConfigSpec().
		Field(service.NewStringField("url")).
		Field(service.NewStringField("subject")).
		Field(service.NewStringField("stream").Default(""))
	service.MustRegisterInput("nats", spec,
		func(conf *service.ParsedConfig, _ *service.Resources) (service.Input, error) {
			input := &natsInput{}
			var err error
			if input.url, err = conf.FieldString("url"); err != nil {
				return nil, err
			}
			if input.subject, err = conf.FieldString("subject"); err != nil {
				return nil, err
			}
			input.stream, err = conf.FieldString("stream")
			return input, err
		})
}

// natsInput hands over one message at a time; with a stream, it acknowledges what the output took.
type natsInput struct {
	url, subject, stream string
	connection           *nats.Conn
	messages             chan *nats.Msg
	iterator             jetstream.MessagesContext
}

func (n *natsInput) Connect(ctx context.Context) error {
	connection, err := nats.Connect(n.url)
	if err != nil {
		return err
	}
	n.connection = connection
	if n.stream != "" {
		return n.connectStream(ctx)
	}
	n.messages = make(chan *nats.Msg, 65_536)
	if _, err = connection.ChanSubscribe(n.subject, n.messages); err != nil {
		return err
	}
	return connection.Flush()
}

func (n *natsInput) connectStream(ctx context.Context) error {
	js, err := jetstream.New(n.connection)
	if err != nil {
		return err
	}
	// By name, so that who connects again goes on where they were.
	consumer, err := js.CreateOrUpdateConsumer(ctx, n.stream, jetstream.ConsumerConfig{
		Durable: "benthos", AckPolicy: jetstream.AckExplicitPolicy, MaxAckPending: 10_000,
	})
	if err != nil {
		return err
	}
	n.iterator, err = consumer.Messages()
	return err
}

func (n *natsInput) Read(ctx context.Context) (*service.Message, service.AckFunc, error) {
	if n.iterator != nil {
		message, err := n.iterator.Next(jetstream.NextContext(ctx))
		if errors.Is(err, jetstream.ErrMsgIteratorClosed) {
			return nil, nil, service.ErrEndOfInput
		}
		if err != nil {
			// Such as a missed heartbeat on a busy machine: the iterator asks again by itself.
			return nil, nil, err
		}
		settle := func(_ context.Context, failed error) error {
			if failed != nil {
				return message.Nak()
			}
			return message.Ack()
		}
		return service.NewMessage(message.Data()), settle, nil
	}
	select {
	case message := <-n.messages:
		settle := func(context.Context, error) error { return nil }
		return service.NewMessage(message.Data), settle, nil
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}

func (n *natsInput) Close(context.Context) error {
	if n.iterator != nil {
		n.iterator.Stop()
	}
	if n.connection != nil {
		n.connection.Close()
	}
	return nil
}
