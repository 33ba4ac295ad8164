from google.cloud.talent import EventServiceClient, ClientEvent, JobEvent
from google.protobuf.timestamp_pb2 import Timestamp
import uuid
from datetime import datetime

client = EventServiceClient()
tenant_name = "projects/my-project/tenants/my-tenant"


def track_application_funnel(job_id: str, user_id: str):
    """Track complete application funnel for analytics."""
    base_request_id = f"application-{user_id}-{job_id}"

    # Application started
    start_event = ClientEvent(
        request_id=base_request_id,
        event_id=str(uuid.uuid4()),
        create_time=Timestamp(seconds=int(datetime.utcnow().timestamp())),
        job_event=JobEvent(type_=JobEvent.JobEventType.APPLICATION_START, jobs=[job_id]),
        event_notes="User initiated application process",
    )
    client.create_client_event(parent=tenant_name, client_event=start_event)

    # Application completed (call when form submitted)
    def track_application_completion():
        finish_event = ClientEvent(
            request_id=base_request_id,
            event_id=str(uuid.uuid4()),
            create_time=Timestamp(seconds=int(datetime.utcnow().timestamp())),
            job_event=JobEvent(type_=JobEvent.JobEventType.APPLICATION_FINISH, jobs=[job_id]),
            event_notes="User completed application form",
        )
        client.create_client_event(parent=tenant_name, client_event=finish_event)

    # CV/Resume sent (call when resume uploaded/sent)
    def track_cv_sent():
        cv_event = ClientEvent(
            request_id=base_request_id,
            event_id=str(uuid.uuid4()),
            # The call's parentheses were missing here.
            create_time=Timestamp(seconds=int(datetime.utcnow().timestamp())),
            job_event=JobEvent(type_=JobEvent.JobEventType.SENT_CV, jobs=[job_id]),
            event_notes="User resume sent to employer",
        )
        client.create_client_event(parent=tenant_name, client_event=cv_event)

    return track_application_completion, track_cv_sent


for track in track_application_funnel(f"{tenant_name}/jobs/job-9", "user-12345"):
    track()
