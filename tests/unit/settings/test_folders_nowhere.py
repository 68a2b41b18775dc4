"""Where neither `HOME` nor a variable of ours says where our folders are."""

import sys

import pytest

from buildopt.errors import SettingsError
from buildopt.settings.folders import cache_folder, state_folder

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system knows one")


@pytest.mark.parametrize(
    ("folder", "kind", "variable"),
    [(cache_folder, "cache", "BUILDOPT_CACHE_DIR"), (state_folder, "state", "BUILDOPT_STATE_DIR")],
)
def test_folder_without_a_place_is_named_with_its_variable(folder, kind, variable):
    with pytest.raises(SettingsError) as raised:
        folder({})

    assert (
        raised.value.message == f"no place for the {kind}: neither `HOME` nor `{variable}` is set"
    )
