from google.cloud.talent import EventServiceClient, ClientEvent, JobEvent
from google.protobuf.timestamp_pb2 import Timestamp
import uuid
from datetime import datetime


class EventBatcher:
    def __init__(self, tenant_name: str, batch_size: int = 100):
        self.tenant_name = tenant_name
        self.batch_size = batch_size
        self.pending_events = []
        self.client = EventServiceClient()

    def add_event(self, event: ClientEvent):
        """Add event to batch queue."""
        self.pending_events.append(event)
        if len(self.pending_events) >= self.batch_size:
            self.flush()

    def flush(self):
        """Send all pending events."""
        for event in self.pending_events:
            try:
                self.client.create_client_event(
                    parent=self.tenant_name,
                    client_event=event,
                )
            except Exception as e:
                print(f"Failed to send event {event.event_id}: {e}")
        self.pending_events.clear()


def make_event(kind: str) -> ClientEvent:  # the example takes its events from the earlier ones
    return ClientEvent(
        request_id="search-session-123",
        event_id=str(uuid.uuid4()),
        create_time=Timestamp(seconds=int(datetime.utcnow().timestamp())),
        job_event=JobEvent(type_=kind, jobs=["projects/my-project/tenants/my-tenant/jobs/job-1"]),
    )


impression_event, view_event, application_event = map(
    make_event, ("IMPRESSION", "VIEW", "APPLICATION_START")
)

# Usage
batcher = EventBatcher("projects/my-project/tenants/my-tenant")

# Add events throughout user session
batcher.add_event(impression_event)
batcher.add_event(view_event)
batcher.add_event(application_event)

# Ensure all events are sent at session end
batcher.flush()
