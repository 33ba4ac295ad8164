from google.cloud.talent import EventServiceClient, ClientEvent, JobEvent
from google.cloud.talent import RequestMetadata, DeviceInfo
from google.protobuf.timestamp_pb2 import Timestamp
import uuid
from datetime import datetime

# Create consistent request metadata for search and events
request_metadata = RequestMetadata(
    domain="mycompany.com",
    session_id="user-session-789",
    user_id="user-12345",
    device_info=DeviceInfo(
        device_type=DeviceInfo.DeviceType.WEB,
        id="device-id-browser-123",
    ),
)

# Use same session_id in events
event = ClientEvent(
    request_id="user-session-789",  # Match search session
    event_id=str(uuid.uuid4()),
    # ... other event fields
    create_time=Timestamp(seconds=int(datetime.utcnow().timestamp())),
    job_event=JobEvent(
        type_=JobEvent.JobEventType.VIEW,
        jobs=["projects/my-project/tenants/my-tenant/jobs/job-123"],
    ),
)
EventServiceClient().create_client_event(
    parent="projects/my-project/tenants/my-tenant", client_event=event
)
