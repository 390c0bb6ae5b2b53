"""The broker's gRPC API: google.pubsub.v1 Publisher and Subscriber, without streaming pull."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf import empty_pb2
from google.pubsub_v1 import types

from local.broker.topics import Broker, Subscription

_PULL_SECONDS = 1.0
"""Time that a pull waits for a first message. Chosen by hand: a longer wait occupies a thread for
longer, a shorter one makes clients pull more often."""

_CHECK_SECONDS = 0.1
"""Interval at which a waiting pull checks for messages whose backoff is over. Chosen by hand: a
shorter one costs processor time, a longer one delays messages."""

Method = Callable[[Any, grpc.ServicerContext], Any]


def create_server(broker: Broker, pool: Any, port: int) -> grpc.Server:
    """Returns a server on 127.0.0.1 that is not started."""
    server = grpc.server(pool)
    publisher, subscriber = _Publisher(broker), _Subscriber(broker)
    server.add_generic_rpc_handlers(
        (
            _handler(
                "google.pubsub.v1.Publisher",
                {
                    "CreateTopic": (publisher.create, types.Topic),
                    "GetTopic": (publisher.get, types.GetTopicRequest),
                    "ListTopics": (publisher.list, types.ListTopicsRequest),
                    "DeleteTopic": (publisher.delete, types.DeleteTopicRequest),
                    "Publish": (publisher.publish, types.PublishRequest),
                },
            ),
            _handler(
                "google.pubsub.v1.Subscriber",
                {
                    "CreateSubscription": (subscriber.create, types.Subscription),
                    "GetSubscription": (subscriber.get, types.GetSubscriptionRequest),
                    "ListSubscriptions": (subscriber.list, types.ListSubscriptionsRequest),
                    "DeleteSubscription": (subscriber.delete, types.DeleteSubscriptionRequest),
                    "ModifyPushConfig": (subscriber.modify_push, types.ModifyPushConfigRequest),
                    "Pull": (subscriber.pull, types.PullRequest),
                    "Acknowledge": (subscriber.acknowledge, types.AcknowledgeRequest),
                    "ModifyAckDeadline": (
                        subscriber.modify_deadline,
                        types.ModifyAckDeadlineRequest,
                    ),
                },
            ),
        )
    )
    server.add_insecure_port(f"127.0.0.1:{port}")
    return server


def _handler(
    service: str, methods: dict[str, tuple[Method, Any]]
) -> grpc.GenericRpcHandler[Any, Any]:
    return grpc.method_handlers_generic_handler(
        service,
        {
            name: grpc.unary_unary_rpc_method_handler(
                method, request_deserializer=request.deserialize, response_serializer=_serialised
            )
            for name, (method, request) in methods.items()
        },
    )


def _serialised(response: Any) -> bytes:
    if isinstance(response, empty_pb2.Empty):
        return response.SerializeToString()
    return bytes(type(response).serialize(response))


class _Publisher:
    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def create(self, topic: types.Topic, context: grpc.ServicerContext) -> types.Topic:
        if not self._broker.create_topic(topic.name):
            context.abort(grpc.StatusCode.ALREADY_EXISTS, f"{topic.name} already exists")
        return topic

    def get(self, request: types.GetTopicRequest, context: grpc.ServicerContext) -> types.Topic:
        self._require(request.topic, context)
        return types.Topic(name=request.topic)

    def list(
        self, request: types.ListTopicsRequest, _: grpc.ServicerContext
    ) -> types.ListTopicsResponse:
        names = sorted(n for n in self._broker.topics if n.startswith(f"{request.project}/"))
        return types.ListTopicsResponse(topics=[types.Topic(name=name) for name in names])

    def delete(
        self, request: types.DeleteTopicRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        self._require(request.topic, context)
        self._broker.delete_topic(request.topic)
        return empty_pb2.Empty()

    def publish(
        self, request: types.PublishRequest, context: grpc.ServicerContext
    ) -> types.PublishResponse:
        self._require(request.topic, context)
        ids = [
            self._broker.publish(
                request.topic, message.data, message.attributes, message.ordering_key
            )
            for message in request.messages
        ]
        return types.PublishResponse(message_ids=ids)

    def _require(self, topic: str, context: grpc.ServicerContext) -> None:
        if topic not in self._broker.topics:
            context.abort(grpc.StatusCode.NOT_FOUND, f"no topic {topic}")


class _Subscriber:
    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def create(
        self, config: types.Subscription, context: grpc.ServicerContext
    ) -> types.Subscription:
        if config.topic not in self._broker.topics:
            context.abort(grpc.StatusCode.NOT_FOUND, f"no topic {config.topic}")
        if not self._broker.create_subscription(config):
            context.abort(grpc.StatusCode.ALREADY_EXISTS, f"{config.name} already exists")
        return config

    def get(
        self, request: types.GetSubscriptionRequest, context: grpc.ServicerContext
    ) -> types.Subscription:
        return self._find(request.subscription, context).config

    def list(
        self, request: types.ListSubscriptionsRequest, _: grpc.ServicerContext
    ) -> types.ListSubscriptionsResponse:
        with self._broker.changed:
            found = [
                subscription.config
                for name, subscription in sorted(self._broker.subscriptions.items())
                if name.startswith(f"{request.project}/")
            ]
        return types.ListSubscriptionsResponse(subscriptions=found)

    def delete(
        self, request: types.DeleteSubscriptionRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        self._find(request.subscription, context)
        self._broker.delete_subscription(request.subscription)
        return empty_pb2.Empty()

    def modify_push(
        self, request: types.ModifyPushConfigRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        subscription = self._find(request.subscription, context)
        self._broker.modify_push(subscription, request.push_config)
        return empty_pb2.Empty()

    def pull(self, request: types.PullRequest, context: grpc.ServicerContext) -> types.PullResponse:
        subscription = self._find(request.subscription, context)
        deadline = time.monotonic() + (0 if request.return_immediately else _PULL_SECONDS)
        received: list[types.ReceivedMessage] = []
        with self._broker.changed:
            while True:
                while len(received) < request.max_messages and (delivery := subscription.take()):
                    received.append(
                        types.ReceivedMessage(
                            ack_id=delivery.ack_id,
                            message=delivery.message.to_proto(),
                            delivery_attempt=delivery.attempt,
                        )
                    )
                left = deadline - time.monotonic()
                if received or left <= 0:
                    return types.PullResponse(received_messages=received)
                self._broker.changed.wait(min(left, _CHECK_SECONDS))

    def acknowledge(
        self, request: types.AcknowledgeRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        subscription = self._find(request.subscription, context)
        with self._broker.changed:
            for ack_id in request.ack_ids:
                subscription.acknowledge(ack_id)
        return empty_pb2.Empty()

    def modify_deadline(
        self, request: types.ModifyAckDeadlineRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        subscription = self._find(request.subscription, context)
        for ack_id in request.ack_ids:
            if request.ack_deadline_seconds:
                with self._broker.changed:
                    subscription.extend(ack_id, request.ack_deadline_seconds)
            else:
                self._broker.fail(request.subscription, ack_id)
        return empty_pb2.Empty()

    def _find(self, name: str, context: grpc.ServicerContext) -> Subscription:
        subscription = self._broker.subscriptions.get(name)
        if subscription is None:
            context.abort(grpc.StatusCode.NOT_FOUND, f"no subscription {name}")
        return subscription
