"""Receptive fields: which positions of an input an output position sees."""

from netdsl.analysis.receptive.fields import (
    Field,
    last_with_positions,
    network_field,
    receptive_fields,
    seen_by,
)

__all__ = ["Field", "last_with_positions", "network_field", "receptive_fields", "seen_by"]
