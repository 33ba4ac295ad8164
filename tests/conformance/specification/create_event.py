from google.cloud.talent import EventServiceClient, ClientEvent, JobEvent
from google.protobuf.timestamp_pb2 import Timestamp
from datetime import datetime
import uuid

client = EventServiceClient()

# Record a job view event
job_view_event = ClientEvent(
    request_id="search-session-123",
    event_id=str(uuid.uuid4()),
    create_time=Timestamp(seconds=int(datetime.utcnow().timestamp())),
    job_event=JobEvent(
        type_=JobEvent.JobEventType.VIEW,
        jobs=["projects/my-project/tenants/my-tenant/jobs/job-123"],
    ),
    event_notes="User viewed job from search results page 1",
)
recorded_event = client.create_client_event(
    parent="projects/my-project/tenants/my-tenant",
    client_event=job_view_event,
)
