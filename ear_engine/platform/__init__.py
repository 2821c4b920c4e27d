"""Everything that differs between operating systems, and nothing else; every call is guarded and says what it did.

Linux is what is tried. macOS and Windows take the branches written for them here.
"""

from ear_engine.platform.cores import cores, yield_cores
from ear_engine.platform.folders import (
    max_packages,
    puredata_externals,
    supercollider_extensions,
    user_album_dir,
    user_cache_dir,
    user_clip_dir,
    user_config_dir,
    user_ear_dir,
    user_midi_dir,
    user_patch_dir,
    user_preset_dir,
    user_recording_dir,
    user_set_dir,
    user_state_dir,
)
from ear_engine.platform.memory import few_kernels, lock_memory, return_memory, reuse_memory, steady_memory
from ear_engine.platform.priorities import (
    Urgency,
    at_urgency,
    lower_priority,
    raise_priority,
    raise_thread_priority,
    real_time_allowed,
)
from ear_engine.platform.processes import ignore_interrupt, parent_alive, process_alive, shielding_children
from ear_engine.platform.restraint import Restraint
from ear_engine.platform.sessions import memory_folder, memory_folders, new_session, session_folders, session_parent

__all__ = [
    "Restraint",
    "Urgency",
    "at_urgency",
    "cores",
    "few_kernels",
    "ignore_interrupt",
    "lock_memory",
    "lower_priority",
    "max_packages",
    "memory_folder",
    "memory_folders",
    "new_session",
    "parent_alive",
    "process_alive",
    "puredata_externals",
    "raise_priority",
    "raise_thread_priority",
    "real_time_allowed",
    "return_memory",
    "reuse_memory",
    "session_folders",
    "session_parent",
    "shielding_children",
    "steady_memory",
    "supercollider_extensions",
    "user_album_dir",
    "user_cache_dir",
    "user_clip_dir",
    "user_config_dir",
    "user_ear_dir",
    "user_midi_dir",
    "user_patch_dir",
    "user_preset_dir",
    "user_recording_dir",
    "user_set_dir",
    "user_state_dir",
    "yield_cores",
]
