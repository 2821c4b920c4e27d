"""Where a user's files are kept, of this program and of others; none of the folders is made here."""

from __future__ import annotations

import sys
from pathlib import Path

import platformdirs

_APP = "ear-engine"


def user_config_dir() -> Path:
    """Folder of the user's settings; may not exist yet."""
    return platformdirs.user_config_path(_APP, appauthor=False)


def user_clip_dir() -> Path:
    """Folder of the user's own source loops, found by name; may not exist yet."""
    return platformdirs.user_data_path(_APP, appauthor=False) / "clips"


def user_ear_dir() -> Path:
    """Folder of the user's own trained ears, found by name; may not exist yet."""
    return platformdirs.user_data_path(_APP, appauthor=False) / "ears"


def user_preset_dir() -> Path:
    """Folder of the user's own presets, found by name; may not exist yet."""
    return platformdirs.user_data_path(_APP, appauthor=False) / "presets"


def user_midi_dir() -> Path:
    """Folder of the user's own maps of MIDI controllers, found by name; may not exist yet."""
    return platformdirs.user_data_path(_APP, appauthor=False) / "midi"


def user_album_dir() -> Path:
    """Folder of the user's albums of kept loops; may not exist yet."""
    return platformdirs.user_data_path(_APP, appauthor=False) / "albums"


def user_recording_dir() -> Path:
    """Folder of the user's performances that were kept, found by name; may not exist yet."""
    return platformdirs.user_data_path(_APP, appauthor=False) / "recordings"


def user_set_dir() -> Path:
    """Folder of the user's own sets, found by name; may not exist yet."""
    return platformdirs.user_data_path(_APP, appauthor=False) / "sets"


def user_state_dir() -> Path:
    """Folder of what engines leave when they end, or die; may not exist yet."""
    return platformdirs.user_state_path(_APP, appauthor=False)


def user_cache_dir() -> Path:
    """Folder of what can be computed again; may not exist yet."""
    return platformdirs.user_cache_path(_APP, appauthor=False)


def user_patch_dir() -> Path:
    """Folder for patches of programs that open them from anywhere; may not exist yet."""
    return platformdirs.user_documents_path() / _APP


def supercollider_extensions() -> Path:
    """``Platform.userExtensionDir`` of SuperCollider; may not exist yet."""
    return platformdirs.user_data_path("SuperCollider", appauthor=False) / "Extensions"


def puredata_externals() -> Path:
    """Folder in which Pd looks for a user's libraries; may not exist yet."""
    if sys.platform == "darwin":
        return platformdirs.user_documents_path() / "Pd" / "externals"
    if sys.platform == "win32":
        return platformdirs.user_data_path("Pd", appauthor=False, roaming=True)
    return Path.home() / ".local" / "lib" / "pd" / "extra"


def max_packages() -> Path:
    """Folder of a user's Max packages, of the newest Max that has one; may not exist yet."""
    documents = platformdirs.user_documents_path()
    there = [documents / name / "Packages" for name in ("Max 9", "Max 8")]
    return next((path for path in there if path.parent.is_dir()), there[0])
