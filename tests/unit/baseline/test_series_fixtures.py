"""The series of fixtures/series/ are what their script makes."""

import json
import runpy
from pathlib import Path

SERIES = Path(__file__).parents[3] / "fixtures/series"


def test_the_series_are_those_of_the_script():
    made = runpy.run_path(str(SERIES / "make.py"))["everything"]()

    labels = json.loads((SERIES / "labels.json").read_text())
    assert labels == json.loads(json.dumps({name: known for name, (_, known) in made.items()}))
    for name, (rows, _) in made.items():
        assert (SERIES / f"data/{name}.csv").read_text() == "\n".join(
            ["timestamp,value", *rows, ""]
        )
