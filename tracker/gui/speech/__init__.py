"""The languages of the pages: English as written in the code, others from catalogues (``de.po``).

What stands between two tags of a template, or in an attribute that people see or hear, is a message as it stands: no
template marks its texts. Sentences of the domain are English all the way up; a page translates them by their pattern.
"""

from __future__ import annotations

from tracker.gui.speech.catalogue import LANGUAGES
from tracker.gui.speech.spoken import init_app, language

__all__ = ["LANGUAGES", "init_app", "language"]
