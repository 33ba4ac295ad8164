from google.cloud.talent import EventServiceClient, ClientEvent, JobEvent
from google.protobuf.timestamp_pb2 import Timestamp
import uuid
from datetime import datetime

# Include contextual information in event notes
event_notes_examples = [
    "Job clicked from search results position 3",
    "Application started from job detail page",
    "Quick apply used - LinkedIn integration",
    "User bookmarked job for later review",
    "Push notification opened leading to job view",
    "Email campaign click-through to job posting",
    "User applied after viewing job description for 2+ minutes",
]
client = EventServiceClient()
for notes in event_notes_examples:
    event = ClientEvent(
        # ... other fields
        event_id=str(uuid.uuid4()),
        create_time=Timestamp(seconds=int(datetime.utcnow().timestamp())),
        job_event=JobEvent(
            type_=JobEvent.JobEventType.VIEW,
            jobs=["projects/my-project/tenants/my-tenant/jobs/job-123"],
        ),
        event_notes=notes,
    )
    client.create_client_event(parent="projects/my-project/tenants/my-tenant", client_event=event)
