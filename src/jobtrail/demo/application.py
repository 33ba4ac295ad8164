"""How somebody who read a job applies for it, and what comes of that in the weeks after."""

from __future__ import annotations

from jobtrail.demo.market import Job
from jobtrail.demo.trail import Trail, logistic, lognormal, seconds
from jobtrail.events import EventType

MINUTE = 60.0
HOUR = 3_600.0
DAY = 86_400.0


def apply_after_view(trail: Trail, job: Job, fit: float, time: int) -> bool:
    """Decide whether a reader applies, and write all that follows.

    Args:
        fit: How well the job suits this person; around 0, higher is better.
        time: When the reader has read enough.

    Returns:
        Whether an application was begun.
    """
    # The offset puts the mean near one in five.
    if trail.rng.random() >= logistic(-2.4 + 0.9 * fit + 0.5 * trail.seeker.eagerness):
        return False
    company = job.company
    if company.takes_quick_applications and trail.rng.random() < 0.7:
        _quick(trail, job, time)
    elif company.applies_elsewhere:
        _elsewhere(trail, job, fit, time, EventType.APPLICATION_REDIRECT)
    else:
        _form(trail, job, fit, time, EventType.APPLICATION_START)
    return True


def apply_from_search(trail: Trail, job: Job, fit: float, time: int) -> None:
    """Write an application that was begun on the result list, without opening the job."""
    if job.company.applies_elsewhere:
        _elsewhere(trail, job, fit, time, EventType.APPLICATION_REDIRECT_FROM_SEARCH)
    else:
        _form(trail, job, fit, time, EventType.APPLICATION_START_FROM_SEARCH)


def send_by_recruiter(trail: Trail, job: Job, fit: float, time: int) -> None:
    """Write what a recruiter does for somebody who read a job and did not apply."""
    sent = time + seconds(trail.rng.uniform(0.5, 3) * DAY)
    trail.write(EventType.SENT_CV, (job,), sent, by_device=False)
    if trail.rng.random() < 0.1:
        _interview(trail, job, fit, sent)


def _quick(trail: Trail, job: Job, time: int) -> None:
    if trail.rng.random() < 0.02:
        # A form that counts its button twice: the contract wants the submission alone.
        trail.write(EventType.APPLICATION_START, (job,), time - seconds(1))
    trail.write(EventType.APPLICATION_QUICK_SUBMISSION, (job,), time)
    _outcome(trail, job, 0.0, time)


def _elsewhere(trail: Trail, job: Job, fit: float, time: int, type_: EventType) -> None:
    trail.write(type_, (job,), time)
    # Few companies report back what happened in their own system.
    if trail.rng.random() < 0.15:
        finished = time + seconds(lognormal(trail.rng, 20 * MINUTE, 0.5))
        trail.write(EventType.APPLICATION_FINISH, (job,), finished, by_device=False)
        _outcome(trail, job, fit, finished)


def _form(trail: Trail, job: Job, fit: float, time: int, type_: EventType) -> None:
    rng = trail.rng
    trail.write(type_, (job,), time)
    if rng.random() >= logistic(-0.6 + 0.5 * fit):
        return
    finished = time + seconds(lognormal(rng, 8 * MINUTE, 0.6))
    if rng.random() < 0.1:
        # Put aside and taken up again another day.
        finished = time + seconds(rng.uniform(0.5, 4) * DAY)
    elif rng.random() < 0.004:
        # The form's two requests are stamped the wrong way round.
        finished = time - seconds(2)
    trail.write(EventType.APPLICATION_FINISH, (job,), finished)
    _outcome(trail, job, fit, finished)


def _outcome(trail: Trail, job: Job, fit: float, finished: int) -> None:
    """Write what the company does with a finished application."""
    rng = trail.rng
    if job.company.is_agency and rng.random() < 0.5:
        passed_on = finished + seconds(rng.uniform(0.5, 3) * DAY)
        trail.write(EventType.APPLICATION_COMPANY_SUBMIT, (job,), passed_on, by_device=False)
    # A third of the interviews to come lie after the demo's end, so more are drawn than are seen.
    if rng.random() < logistic(-2.75 + 0.5 * fit):
        _interview(trail, job, fit, finished)


def _interview(trail: Trail, job: Job, fit: float, after: int) -> None:
    rng = trail.rng
    granted = after + seconds(lognormal(rng, 7 * DAY, 0.5))
    trail.write(EventType.INTERVIEW_GRANTED, (job,), granted, by_device=False)
    if rng.random() < logistic(-1.5 + 0.3 * fit):
        hired = granted + seconds(lognormal(rng, 12 * DAY, 0.4))
        trail.write(EventType.HIRED, (job,), hired, by_device=False)
