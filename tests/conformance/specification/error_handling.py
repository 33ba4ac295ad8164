from google.cloud.talent import EventServiceClient, ClientEvent, JobEvent
from google.api_core import exceptions
from google.protobuf.timestamp_pb2 import Timestamp
import logging
import uuid
from datetime import datetime


def safe_track_event(client: EventServiceClient, parent: str, event: ClientEvent):
    """Safely track event with error handling."""
    try:
        return client.create_client_event(parent=parent, client_event=event)
    except exceptions.InvalidArgument as e:
        logging.error(f"Invalid event data: {e}")
        # Handle validation errors - check required fields
    except exceptions.PermissionDenied as e:
        logging.error(f"Event tracking permission denied: {e}")
        # Handle authorization errors
    except exceptions.ResourceExhausted as e:
        logging.warning(f"Event tracking quota exceeded: {e}")
        # Handle quota limits - consider backing off
    except exceptions.DeadlineExceeded as e:
        logging.warning(f"Event tracking timeout: {e}")
        # Handle timeouts - retry or skip
    except Exception as e:
        logging.error(f"Unexpected event tracking error: {e}")
        # Handle unexpected errors gracefully
    return None  # Event tracking failed but don't break user flow


parent = "projects/my-project/tenants/my-tenant"
event = ClientEvent(
    event_id=str(uuid.uuid4()),
    create_time=Timestamp(seconds=int(datetime.utcnow().timestamp())),
    job_event=JobEvent(type_=JobEvent.JobEventType.VIEW, jobs=[f"{parent}/jobs/job-123"]),
)
tracked = safe_track_event(EventServiceClient(), parent, event)
refused = safe_track_event(EventServiceClient(), parent, ClientEvent(event_id="no job event"))
