"""Prove that a finished file is what was asked for. A frame count does not see a shift, so contents are compared too.

The sources are decoded by another way (PyAV, by absolute time stamp) than the one that made the file.
"""

from scripts.media.scan import VerifyFailed
from scripts.media.verify.cut import CutMeasured, verify_cut
from scripts.media.verify.encoding import EncodingMeasured, verify_encoding

__all__ = ["CutMeasured", "EncodingMeasured", "VerifyFailed", "verify_cut", "verify_encoding"]
