"""Workers and their groups: who calls, with which secret, for which projects, and what people do with them."""

from tracker.workers import cipher, fleet, groups
from tracker.workers.identity import FQDN, check_login, identify, known_by, register
from tracker.workers.replies import REQUEST_ID, AnsweredMeanwhile, remember, remembered

__all__ = [
    "FQDN",
    "REQUEST_ID",
    "AnsweredMeanwhile",
    "check_login",
    "cipher",
    "fleet",
    "groups",
    "identify",
    "known_by",
    "register",
    "remember",
    "remembered",
]
