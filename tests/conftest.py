"""Makes the modules of tests/ importable by name and registers the markers of slow targets."""
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))


def pytest_configure(config):
    """Markers: `slow` runs only with FIRE_SLOW=1."""
    config.addinivalue_line("markers", "slow: takes minutes; runs only with FIRE_SLOW=1")


def pytest_collection_modifyitems(config, items):
    """Deselect what is marked slow unless asked for."""
    if os.environ.get("FIRE_SLOW"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]
