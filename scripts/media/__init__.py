"""Media work: find segments, cut, encode, measure. Nothing here knows the tracker."""
