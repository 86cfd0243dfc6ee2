"""Counts of what was compared, printed at the end; under xdist they travel in the reports."""

from collections import Counter

import pytest


@pytest.fixture
def count(speaker, record_property):
    """count("inputs", 3)"""
    counted = Counter()
    yield lambda what, how_many=1: counted.update({what: how_many})
    record_property("speaker", (speaker.service, speaker.protocol))
    for what, how_many in counted.items():
        record_property(what, how_many)


def pytest_terminal_summary(terminalreporter):
    total, speakers = Counter(), set()
    for report in (r for reports in terminalreporter.stats.values() for r in reports):
        found = dict(getattr(report, "user_properties", ()))
        if found and report.when == "teardown":
            speakers.add(tuple(found.pop("speaker")))
            total.update(found)
    if total:
        services, protocols = ({speaker[part] for speaker in speakers} for part in (0, 1))
        counts = ", ".join(f"{total[what]:,} {what}" for what in sorted(total))
        what = f"{len(services)} models, {len(protocols)} protocols, {len(speakers)} pairs of the two"
        terminalreporter.write_line(f"compared with botocore: {what}; in these {counts}")
