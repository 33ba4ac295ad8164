from google.cloud.talent import EventServiceClient, ClientEvent, JobEvent
from google.protobuf.timestamp_pb2 import Timestamp
from typing import List
import uuid
from datetime import datetime


class TalentAnalytics:
    """Helper class for integrating with analytics dashboards."""

    def __init__(self, tenant_name: str):
        self.tenant_name = tenant_name
        self.client = EventServiceClient()

    def track_search_to_application_funnel(self, search_session_id: str, job_ids: List[str]):
        """Track complete search-to-application funnel."""
        funnel_stages = [
            (JobEvent.JobEventType.IMPRESSION, "Search results displayed"),
            (JobEvent.JobEventType.VIEW, "Job details viewed"),
            (JobEvent.JobEventType.APPLICATION_START, "Application process started"),
            (JobEvent.JobEventType.APPLICATION_FINISH, "Application completed"),
        ]
        for stage_type, description in funnel_stages:
            event = ClientEvent(
                request_id=search_session_id,
                event_id=str(uuid.uuid4()),
                create_time=Timestamp(seconds=int(datetime.utcnow().timestamp())),
                job_event=JobEvent(type_=stage_type, jobs=job_ids),
                event_notes=description,
            )
            self.client.create_client_event(
                parent=self.tenant_name,
                client_event=event,
            )


tenant_name = "projects/my-project/tenants/my-tenant"
TalentAnalytics(tenant_name).track_search_to_application_funnel(
    "search-session-123", [f"{tenant_name}/jobs/job-{n}" for n in range(1, 4)]
)
