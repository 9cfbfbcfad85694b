"""Reads what Spikescope derives (`<prefix>.derived.<record>.<key…>`) into arrays and tables.

from spikescope.derived import DerivedReader

with DerivedReader("nats://127.0.0.1:4222", record="spike-rate") as reader:
    reader.wait(count=10, timeout=15)
    rates = reader.array()             # NumPy, a structured array
    table = reader.dataframe()         # pandas, where it is installed
"""

from .reader import AsyncDerivedReader, DerivedReader
from .records import DerivedRecords
from .table import to_array, to_dataframe

__all__ = ["AsyncDerivedReader", "DerivedReader", "DerivedRecords", "to_array", "to_dataframe"]
