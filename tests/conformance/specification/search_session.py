from google.cloud.talent import EventServiceClient, ClientEvent, JobEvent
from google.protobuf.timestamp_pb2 import Timestamp
import uuid
from datetime import datetime

client = EventServiceClient()
tenant_name = "projects/my-project/tenants/my-tenant"
search_result_job_ids = [f"{tenant_name}/jobs/job-{n}" for n in range(455, 458)]

# Generate session ID for tracking related events
session_id = f"search-session-{uuid.uuid4()}"

# 1. Record search impression events when jobs appear in results
for position, job_id in enumerate(search_result_job_ids, 1):  # the position was not defined
    impression_event = ClientEvent(
        request_id=session_id,
        event_id=str(uuid.uuid4()),
        create_time=Timestamp(seconds=int(datetime.utcnow().timestamp())),
        job_event=JobEvent(type_=JobEvent.JobEventType.IMPRESSION, jobs=[job_id]),
        event_notes=f"Job appeared in search results position {position}",
    )
    client.create_client_event(parent=tenant_name, client_event=impression_event)

# 2. Record view events when user clicks on job details
view_event = ClientEvent(
    request_id=session_id,
    event_id=str(uuid.uuid4()),
    create_time=Timestamp(seconds=int(datetime.utcnow().timestamp())),
    job_event=JobEvent(
        type_=JobEvent.JobEventType.VIEW,
        jobs=["projects/my-project/tenants/my-tenant/jobs/job-456"],
    ),
    event_notes="User clicked job title from search results",
)
client.create_client_event(parent=tenant_name, client_event=view_event)

# 3. Record application events when user applies
application_event = ClientEvent(
    request_id=session_id,
    event_id=str(uuid.uuid4()),
    create_time=Timestamp(seconds=int(datetime.utcnow().timestamp())),
    job_event=JobEvent(
        type_=JobEvent.JobEventType.APPLICATION_START,
        jobs=["projects/my-project/tenants/my-tenant/jobs/job-456"],
    ),
    event_notes="User clicked apply button",
)
client.create_client_event(parent=tenant_name, client_event=application_event)
