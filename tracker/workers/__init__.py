"""Workers and their groups: who calls, with which secret, for which projects, and what people do with them."""

from tracker.workers import cipher, fleet, groups
from tracker.workers.identity import FQDN, caller, check_login, identify, register
from tracker.workers.replies import REQUEST_ID, AnsweredBefore, remember, remembered

__all__ = [
    "FQDN",
    "REQUEST_ID",
    "AnsweredBefore",
    "caller",
    "check_login",
    "cipher",
    "fleet",
    "groups",
    "identify",
    "register",
    "remember",
    "remembered",
]
